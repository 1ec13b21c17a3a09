import { expect, test } from 'vitest'
import { address, addressBytes, type IpAddress } from '../../../src/base/index.ts'
import { linkLanguage } from '../../../src/cli/arping/language.ts'
import { encodeUnsolicitedAdvertisement } from '../../../src/wire/ndisc/index.ts'

const mac = Uint8Array.of(2, 0, 0, 0, 0, 1)
const theirs = Uint8Array.of(2, 0, 0, 0, 0, 2)
const source = address('2001:db8::1')
const destination = address('2001:db8::2')

/** To all nodes: on its own account, or against somebody who asks without an address (RFC 4861 §7.2.4). */
const toAll = encodeUnsolicitedAdvertisement({ mac: theirs, address: destination, router: false, override: true })

function solicitedBy(asker: IpAddress, askerMac: Uint8Array): Uint8Array {
  const frame = toAll.slice()
  frame.set(askerMac)
  frame.set(addressBytes(asker), 38)
  frame[58] = 0x60
  return frame
}

test('over IPv6 what asks from an address counts answers to that alone', () => {
  const { claimIn } = linkLanguage({ mode: 'ask', mac, source, destination })
  expect(claimIn(solicitedBy(source, mac))).toEqual({ mac: theirs, broadcast: false, request: false })
  expect(claimIn(toAll)).toBeUndefined()
  expect(claimIn(solicitedBy(address('2001:db8::3'), Uint8Array.of(2, 0, 0, 0, 0, 3)))).toBeUndefined()
})

test('over IPv6 what detects without an address counts whoever claims it', () => {
  const { claimIn } = linkLanguage({ mode: 'detect', mac, destination })
  expect(claimIn(toAll)).toEqual({ mac: theirs, broadcast: true, request: false })
  expect(claimIn(solicitedBy(address('2001:db8::3'), mac))).toMatchObject({ mac: theirs })
})

test('over IPv6 what is about another address, or came from here, counts never', () => {
  const other = linkLanguage({ mode: 'detect', mac, destination: address('2001:db8::9') })
  expect(other.claimIn(toAll)).toBeUndefined()
  const own = linkLanguage({ mode: 'detect', mac: theirs, destination })
  expect(own.claimIn(toAll)).toBeUndefined()
})
