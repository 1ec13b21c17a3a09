/**
 * Advertisements that are refused, five a second and for every reason there is: the same role lives twice, once in peace and
 * once among them, and does the same things at the same microseconds (V-042, V-043). keepalived falls silent as master and
 * puts its takeover off as backup.
 */
import { describe, expect, test } from 'vitest'
import { address, type IpAddress, micros, millis, seconds } from '../../src/base/index.ts'
import type { VirtualRouter } from '../../src/model/index.ts'
import { announcements, router } from '../proto/vrrp/setting.ts'
import { onLink, World } from '../roles/vrrp/world.ts'

const quiet = { ...announcements, masterRepeat: 1, masterDelay: micros(0) }
const v3: VirtualRouter = { ...router, announcements: quiet }
const v6: VirtualRouter = {
  ...v3,
  family: 6,
  multicastGroup: address('ff02::12'),
  addresses: [{ address: address('fe80::100'), prefixLength: 64, interface: 'eth0', scope: 0 }],
}
const v2: VirtualRouter = { ...v3, version: 2 }
const pass: VirtualRouter = { ...v2, authentication: { type: 'pass', password: 'secret' } }
const ah: VirtualRouter = { ...v2, authentication: { type: 'ah', password: 'secret' } }
const signed: VirtualRouter = {
  ...v3,
  hmac: {
    keys: [{ id: 1, key: 'a1'.repeat(32) }],
    activeKey: 1,
    window: 5,
    antiReplay: 'time',
    mode: 'enforce',
  },
}
const checked: VirtualRouter = {
  ...v3,
  unicastPeers: [address('192.0.2.12')],
  checkUnicastSource: true,
  peerTtlLimits: [{ peer: address('192.0.2.12'), min: 250, max: 255 }],
}

type Datagram = Parameters<World['receive']>[1]
/** What the true master sent last, spoilt. */
type Spoil = (good: Datagram) => Datagram

const edit =
  (change: (payload: Uint8Array) => Uint8Array | undefined): Spoil =>
  (good) => {
    const copy = good.payload.slice()
    const payload = change(copy) ?? copy
    return { ...good, payload, declaredLength: payload.length }
  }
const byte = (at: number, value: (was: number) => number): Spoil =>
  edit((payload) => {
    const i = at < 0 ? payload.length + at : at
    payload[i] = value(payload[i] as number) & 0xff
    return undefined
  })
const other = (was: number): number => was ^ 0x5a

const cases: readonly [reason: string, how: string, of: VirtualRouter, spoil: Spoil][] = [
  ['length', 'cut off', v3, edit((payload) => payload.subarray(0, 11))],
  ['length', 'with more addresses than it has bytes', v3, byte(3, () => 200)],
  ['ttl', 'from beyond a router', v3, (good) => ({ ...good, hopLimit: 254 })],
  ['version', 'of another version', v3, byte(0, () => 0x41)],
  ['type', 'of another type', v3, byte(0, () => 0x32)],
  [
    'address-count',
    'without addresses',
    v3,
    edit((p) => Uint8Array.from([...p.subarray(0, 3), 0, ...p.subarray(4, 8)])),
  ],
  ['interval', 'with interval 0', v3, edit((p) => p.fill(0, 4, 6))],
  ['checksum', 'damaged', v3, byte(9, other)],
  ['checksum', 'damaged, over IPv6', v6, byte(9, other)],
  ['checksum', 'damaged, of version 2', v2, byte(9, other)],
  ['destination', 'sent to this host alone', v3, (good) => resummed({ ...good, destination: address('192.0.2.11') })],
  ['authentication', 'with another password', pass, edit((p) => summed(p, () => p.fill(0x41, p.length - 8)))],
  ['authentication-type', 'without a password', pass, edit((p) => summed(p, () => p.fill(0, 4, 5)))],
  ['authentication-type-unknown', 'of an unknown authentication', pass, edit((p) => summed(p, () => p.fill(9, 4, 5)))],
  ['interval', 'of version 2 with another interval', v2, edit((p) => summed(p, () => p.fill(7, 5, 6)))],
  ['authentication', 'with a wrong digest', ah, byte(15, other)],
  ['hmac-missing', 'without its trailer', signed, edit((p) => p.subarray(0, p.length - 28))],
  ['hmac-malformed', 'with reserved bits', signed, byte(-26, () => 1)],
  ['hmac-unknown-key', 'signed with a key nobody has', signed, byte(-27, () => 9)],
  ['hmac-invalid', 'with a wrong HMAC', signed, byte(-1, other)],
  ['hmac-stale', 'signed an hour ago', signed, byte(-23, (was) => was - 16)],
  ['hmac-replay', 'repeated', signed, (good) => good],
  ['source', 'from no peer', checked, (good) => resummed({ ...good, source: address('192.0.2.66') })],
  ['ttl', 'from further than its peer may be', checked, (good) => ({ ...good, hopLimit: 249 })],
]

/** Version 2 after `change`, its checksum right again. */
function summed(payload: Uint8Array, change: () => unknown): undefined {
  change()
  payload.fill(0, 6, 8)
  let sum = 0
  for (let i = 0; i < payload.length; i += 2) sum += ((payload[i] as number) << 8) | (payload[i + 1] as number)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  new DataView(payload.buffer).setUint16(6, ~sum & 0xffff)
}
/** Version 3 over IPv4 whose checksum covers the message alone, so that its addresses may change. */
function resummed(datagram: Datagram): Datagram {
  const payload = datagram.payload.slice()
  summed(payload, () => {})
  return { ...datagram, payload }
}

const source = (of: VirtualRouter): IpAddress => address(of.family === 4 ? '192.0.2.12' : 'fe80::12')

function heardOf(
  of: VirtualRouter,
  { payload, destination }: { payload: Uint8Array; destination: IpAddress },
): Datagram {
  const isAh = of.authentication?.type === 'ah'
  const behind = isAh ? payload.subarray(20) : payload
  const header = isAh ? { header: payload.subarray(0, 20) } : {}
  return { payload: behind, source: source(of), destination, declaredLength: behind.length, ...header }
}

const keyOf = (of: VirtualRouter) => `eth0/ipv${of.family}${of.authentication?.type === 'ah' ? '/ah' : ''}`

/** Sixty seconds of a role that a master of priority 200 keeps in backup for the first twenty, if it is not master itself. */
async function life(of: VirtualRouter, part: 'backup' | 'master', spoil?: Spoil) {
  const peer = new World()
  peer.addresses = [onLink(2, '192.0.2.12/24'), onLink(2, 'fe80::12/64', { scope: 253 })]
  const peers = of.unicastPeers.length > 0 ? { unicastPeers: [address('192.0.2.11')], peerTtlLimits: [] } : {}
  await peer.configure([{ ...of, ...peers, priority: 200 }])
  peer.run(seconds(3.5))

  const world = new World()
  await world.configure([of])
  // Signed advertisements show the time: both clocks are the same.
  world.run(seconds(3.5))
  if (part === 'master') for (const one of [world, peer]) one.run(seconds(0.4))
  let last: Datagram | undefined
  let sent = 0
  for (let tick = 0; tick < 300; tick++) {
    world.run(millis(200))
    peer.run(millis(200))
    const genuine = peer.sent.splice(0).map((one) => heardOf(of, one))
    last = genuine.at(-1) ?? last
    if (part === 'backup' && tick < 100) for (const one of genuine) world.receive(keyOf(of), one)
    await world.settle()
    if (spoil === undefined || last === undefined) continue
    // What repeats a genuine one needs a genuine one to have been accepted.
    if (spoil === replay && tick > 100) continue
    world.receive(keyOf(of), spoil(last))
    sent++
  }
  const [shown] = await world.snapshot()
  const { drops = {}, ...rest } = shown ?? {}
  const { since: _since, rejected: _rejected, ...counted } = rest as { since?: string; rejected?: unknown }
  return { lived: { done: world.done, said: world.states(), counted }, drops, sent, logged: world.logged }
}
const replay = cases.find(([reason]) => reason === 'hmac-replay')?.[3]

describe.each(['backup', 'master'] as const)('V-041 V-042 V-043: to a %s', (part) => {
  for (const [reason, how, of, spoil] of cases) {
    if (part === 'master' && spoil === replay) continue
    test(`one ${how} changes nothing (${reason})`, async () => {
      const [peace, noise] = [await life(of, part), await life(of, part, spoil)]
      expect(noise.lived).toEqual(peace.lived)
      expect(peace.lived.done.length).toBeGreaterThan(30)
      expect(Object.keys(noise.drops)).toEqual([reason])
      expect(noise.drops[reason]).toBe(noise.sent)
      expect(noise.sent).toBeGreaterThan(90)
      // V-041: once in the time of one state, of which there are two at most.
      const lines = noise.logged.filter((line) => line.startsWith('advertisement refused'))
      expect(lines.length).toBeGreaterThan(0)
      expect(lines.length).toBeLessThanOrEqual(2)
    })
  }
})
