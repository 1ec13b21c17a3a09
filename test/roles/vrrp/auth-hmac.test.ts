/** auth_hmac through the whole role: two hosts that hear each other's bytes. */
import { describe, expect, test } from 'vitest'
import { address, type IpAddress, micros, seconds } from '../../../src/base/index.ts'
import type { HmacSettings, VirtualRouter } from '../../../src/model/index.ts'
import { announcements, router } from '../../proto/vrrp/setting.ts'
import { bytes } from '../../wire/bytes.ts'
import { onLink, World } from './world.ts'

const keyOf = (byte: string) => byte.repeat(32)
const settings: HmacSettings = {
  keys: [{ id: 1, key: keyOf('a1') }],
  activeKey: 1,
  window: 5,
  antiReplay: 'time',
  mode: 'enforce',
}
const quiet = { ...announcements, masterRepeat: 1, masterDelay: micros(0) }
const v3: VirtualRouter = { ...router, announcements: quiet }
const v6: VirtualRouter = {
  ...v3,
  family: 6,
  multicastGroup: address('ff02::12'),
  addresses: [{ address: address('fe80::100'), prefixLength: 64, interface: 'eth0', scope: 0 }],
}
const v2: VirtualRouter = { ...v3, version: 2 }
const withHmac = (of: VirtualRouter, more: Partial<HmacSettings> = {}): VirtualRouter => ({
  ...of,
  hmac: { ...settings, ...more },
})

type Sender = { readonly world: World; readonly source: IpAddress; readonly of: VirtualRouter }

async function sender(of: VirtualRouter): Promise<Sender> {
  const world = new World()
  world.addresses = [onLink(2, '192.0.2.12/24'), onLink(2, 'fe80::12/64', { scope: 253 })]
  await world.configure([{ ...of, priority: 200 }])
  world.run(seconds(3.3))
  world.sent.splice(0)
  return { world, source: address(of.family === 4 ? '192.0.2.12' : 'fe80::12'), of }
}

/** A second later: what the sender sends reaches the receiver. */
function pass(
  { world, source, of }: Sender,
  to: World,
  edit: (payload: Uint8Array) => Uint8Array = (same) => same,
): void {
  world.run(seconds(1))
  to.run(seconds(1))
  for (const { payload, destination } of world.sent.splice(0)) {
    const bytes = edit(payload)
    to.receive(`eth0/ipv${of.family}`, { payload: bytes, source, destination, declaredLength: bytes.length })
  }
}
const dropsOf = async (world: World) => (await world.snapshot())[0]?.drops
const receiver = async (of: VirtualRouter) => {
  const world = new World()
  await world.configure([of])
  world.run(seconds(3.3))
  return world
}

for (const [name, of] of [
  ['v3 over IPv4', v3],
  ['v3 over IPv6', v6],
  ['v2', v2],
] as const)
  describe(name, () => {
    test('what one signs the other accepts, and it stays backup', async () => {
      const [from, to] = [await sender(withHmac(of)), await receiver(withHmac(of))]
      for (let i = 0; i < 5; i++) pass(from, to)
      expect((await to.snapshot())[0]).toMatchObject({ state: 'backup', drops: {}, advertisementsReceived: 5 })
    })

    test('no one flipped bit is accepted', async () => {
      const [from, to] = [await sender(withHmac(of)), await receiver(withHmac(of))]
      let bits = 0
      pass(from, to, (good) => {
        bits = good.length * 8
        for (let bit = 0; bit < bits; bit++) {
          const bad = good.slice()
          bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7))
          to.receive(`eth0/ipv${of.family}`, {
            payload: bad,
            source: from.source,
            destination: of.multicastGroup,
            declaredLength: bad.length,
          })
        }
        return good
      })
      const [snapshot] = await to.snapshot()
      // The reserved bits of v3 are ignored by the protocol, but not by the HMAC. Another id is another router's.
      expect(snapshot?.advertisementsReceived).toBe(1)
      const drops = Object.values(snapshot?.drops ?? {}).reduce((sum, count) => sum + count, 0)
      expect(drops + (snapshot?.unclaimed?.['virtual-router-id'] ?? 0)).toBe(bits)
    })
  })

test('V-104: enforce drops what is not signed; permissive and receive-only accept both', async () => {
  for (const [mode, drops] of [
    ['enforce', { 'hmac-missing': 2 }],
    ['permissive', {}],
    ['receive-only', {}],
  ] as const) {
    const to = await receiver(withHmac(v3, { mode }))
    const bare = await sender(v3)
    pass(bare, to)
    pass(bare, to)
    expect(await dropsOf(to)).toEqual(drops)
    pass(await sender(withHmac(v3)), to)
    expect(await dropsOf(to)).toEqual(drops)
  }
})

test('V-104: receive-only does not sign, permissive does', async () => {
  for (const [mode, length] of [
    ['receive-only', 12],
    ['permissive', 40],
    ['enforce', 40],
  ] as const) {
    const { world } = await sender(withHmac(v3, { mode }))
    world.run(seconds(1))
    expect(world.sent.map(({ payload }) => payload.length)).toEqual([length])
  }
})

test('V-107: without auth_hmac a signed one is dropped by its length', async () => {
  const to = await receiver(v3)
  pass(await sender(withHmac(v3)), to)
  expect(await dropsOf(to)).toEqual({ length: 1 })
})

test('V-105: a key is changed without losing an advertisement', async () => {
  const both = { keys: [...settings.keys, { id: 2, key: keyOf('b2') }] }
  const [from, to] = [await sender(withHmac(v3)), await receiver(withHmac(v3))]
  pass(from, to)
  await to.configure([withHmac(v3, both)])
  pass(from, to)
  await from.world.configure([{ ...withHmac(v3, { ...both, activeKey: 2 }), priority: 200 }])
  pass(from, to)
  await to.configure([withHmac(v3, { keys: both.keys.slice(1), activeKey: 2 })])
  pass(from, to)
  expect((await to.snapshot())[0]).toMatchObject({ drops: {}, advertisementsReceived: 4 })
})

test('V-102: an advertisement heard before is refused, also after a reload', async () => {
  const [from, to] = [await sender(withHmac(v3)), await receiver(withHmac(v3))]
  let copy = new Uint8Array(0)
  pass(from, to, (payload) => (copy = payload.slice()))
  const again = () =>
    to.receive('eth0/ipv4', {
      payload: copy,
      source: from.source,
      destination: v3.multicastGroup,
      declaredLength: copy.length,
    })
  again()
  await to.configure([{ ...withHmac(v3, { window: 6 }), priority: 90 }])
  again()
  expect(await dropsOf(to)).toEqual({ 'hmac-replay': 2 })
})

test('V-106: unicast copies of one advertisement are signed once', async () => {
  const peers = [address('192.0.2.11'), address('192.0.2.13')]
  const { world } = await sender(withHmac({ ...v3, unicastPeers: peers }))
  world.run(seconds(1))
  const trailers = world.sent.map(({ payload }) => Buffer.from(payload.slice(-28)).toString('hex'))
  expect(trailers).toHaveLength(2)
  expect(new Set(trailers).size).toBe(1)
})

test('unicast signed by somebody who is no peer is refused', async () => {
  const from = await sender(withHmac({ ...v3, unicastPeers: [address('192.0.2.11')] }))
  const to = await receiver(withHmac({ ...v3, unicastPeers: [address('192.0.2.99')] }))
  pass(from, to)
  expect(await dropsOf(to)).toEqual({ source: 1 })
})

test('refused ones by the thousand change neither timer nor state, and one line says so', async () => {
  const [from, to] = [await sender(withHmac(v3)), await receiver(withHmac(v3))]
  pass(from, to)
  to.deeds()
  pass(from, to, (payload) => {
    payload[39] = (payload[39] as number) ^ 1
    for (let i = 0; i < 1_000; i++)
      to.receive('eth0/ipv4', {
        payload,
        source: from.source,
        destination: v3.multicastGroup,
        declaredLength: payload.length,
      })
    return payload
  })
  // 3.609 s after the last one accepted, and not 3.609 s after the last one heard.
  to.run(micros(2_600_000))
  expect(to.deeds()).toEqual([])
  to.run(micros(10_000))
  expect(to.deeds()[0]).toBe('advert 100')
  expect(await dropsOf(to)).toEqual({ 'hmac-invalid': 1_001 })
  expect(to.logged.filter((line) => line.includes('refused'))).toHaveLength(1)
})

describe('V-110: what keepalived 2.4.2 signed', () => {
  const captured = bytes('3133ff01 0064 daba 0a09000a 01010000 6b00d954 ff91 0000 f27efc92d17305ef20a1dd2efa210130')
  const source = address('10.9.0.1')
  /** Milliseconds since 1970 of its sequence number. */
  const sentAt = 0x6b00d954 * 1_000 + (0xff91 / 0x10000) * 1_000 + 0.002
  const key = Array.from({ length: 32 }, (_, i) => i.toString(16).padStart(2, '0')).join('')
  const its: VirtualRouter = {
    ...v3,
    addresses: [{ address: address('10.9.0.10'), prefixLength: 24, interface: 'eth0', scope: 0 }],
  }
  const host = (address: string): World => {
    const world = new World()
    world.addresses = [onLink(2, address)]
    world.wallOffset = sentAt - world.now / 1_000
    return world
  }

  for (const mode of ['enforce', 'permissive', 'receive-only'] as const)
    test(`is accepted in ${mode} mode once, and with one bit flipped not at all`, async () => {
      const world = host('10.9.0.2/24')
      await world.configure([withHmac({ ...its, priority: 100 }, { mode, keys: [{ id: 1, key }] })])
      const hear = (payload: Uint8Array) =>
        world.receive('eth0/ipv4', {
          payload,
          source,
          destination: its.multicastGroup,
          declaredLength: payload.length,
        })
      for (let bit = 8 * 12; bit < 8 * captured.length; bit++) {
        const bad = captured.slice()
        bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7))
        hear(bad)
      }
      expect((await world.snapshot())[0]).toMatchObject({ advertisementsReceived: 0 })
      hear(captured)
      expect((await world.snapshot())[0]).toMatchObject({
        state: 'backup',
        advertisementsReceived: 1,
        lastHeard: { source, priority: 255 },
      })
      hear(captured)
      expect((await world.snapshot())[0]).toMatchObject({ advertisementsReceived: 1, drops: { 'hmac-replay': 1 } })
    })

  test('is what is sent in its place at the same moment, byte for byte', async () => {
    const world = host('10.9.0.1/24')
    await world.configure([withHmac({ ...its, priority: 255, initialState: 'master' }, { keys: [{ id: 1, key }] })])
    expect(Buffer.from(world.sent[0]?.payload ?? []).toString('hex')).toBe(Buffer.from(captured).toString('hex'))
  })
})
