/** Version 3 over IPv4 to unicast peers: the pseudo-header of keepalived before 1.3.7 has the group's address in it. */
import { expect, test } from 'vitest'
import { address, centiseconds, pseudoHeader, seconds } from '../../../src/base/index.ts'
import type { VirtualRouter } from '../../../src/model/index.ts'
import { decodeAdvertisementV3, encodeAdvertisementV3, VRRP_PROTOCOL } from '../../../src/wire/vrrp/index.ts'
import { router } from '../../proto/vrrp/setting.ts'
import { World } from './world.ts'

const us = address('192.0.2.11')
const peer = address('192.0.2.12')
const unicast: VirtualRouter = { ...router, unicastPeers: [peer] }
const pseudoOf = (source: typeof us, destination: typeof us) => pseudoHeader(source, destination, VRRP_PROTOCOL, 12)

const from = (destination: typeof us) => ({
  payload: encodeAdvertisementV3(
    {
      version: 3,
      virtualRouterId: 51,
      priority: 200,
      reserved: 0,
      interval: centiseconds(100),
      addresses: [address('192.0.2.100')],
      checksum: 'with-pseudo-header',
    },
    4,
    pseudoOf(peer, destination),
  ),
  source: peer,
  destination: us,
})

const heard = async (of: VirtualRouter, destination: typeof us) => {
  const world = new World()
  await world.configure([of])
  world.receive('eth0/ipv4', from(destination))
  const [snapshot] = await world.snapshot()
  return { received: snapshot?.advertisementsReceived, drops: snapshot?.drops }
}

test('both are taken, and with never only the right one', async () => {
  const accepted = { received: 1, drops: {} }
  expect(await heard(unicast, us)).toEqual(accepted)
  expect(await heard(unicast, router.multicastGroup)).toEqual(accepted)
  const never: VirtualRouter = { ...unicast, oldUnicastChecksum: 'never' }
  expect(await heard(never, us)).toEqual(accepted)
  expect(await heard(never, router.multicastGroup)).toEqual({ received: 0, drops: { checksum: 1 } })
  expect(await heard(unicast, address('192.0.2.77'))).toEqual({ received: 0, drops: { checksum: 1 } })
})

test('old_unicast_checksum sends the old one', async () => {
  const sums = async (of: VirtualRouter) => {
    const world = new World()
    await world.configure([of])
    world.run(seconds(4))
    const { payload } = world.sent[0] ?? { payload: new Uint8Array() }
    return [peer, router.multicastGroup].map((to) => decodeAdvertisementV3(payload, 4, pseudoOf(us, to)).ok)
  }
  expect(await sums(unicast)).toEqual([true, false])
  expect(await sums({ ...unicast, oldUnicastChecksum: 'always' })).toEqual([false, true])
})
