/** auth_type AH through the whole role: two hosts that hear each other's packets. */
import { expect, test } from 'vitest'
import { address, micros, seconds } from '../../../src/base/index.ts'
import type { VirtualRouter } from '../../../src/model/index.ts'
import { announcements, router } from '../../proto/vrrp/setting.ts'
import { onLink, World } from './world.ts'

const quiet = { ...announcements, masterRepeat: 1, masterDelay: micros(0) }
const plain: VirtualRouter = { ...router, version: 2, announcements: quiet }
const withHeader: VirtualRouter = { ...plain, authentication: { type: 'ah', password: 'secret' } }
const source = address('192.0.2.12')

async function sender(of: VirtualRouter, wallOffset = 0): Promise<World> {
  const world = new World()
  world.wallOffset = wallOffset
  world.addresses = [onLink(2, '192.0.2.12/24')]
  await world.configure([{ ...of, priority: 200 }])
  world.run(seconds(3.3))
  return world
}
const receiver = async (of: VirtualRouter) => {
  const world = new World()
  await world.configure([of])
  return world
}

/** What was sent, as the other side's sockets give it: IP header apart where there is one. */
function arrive(to: World, packet: Uint8Array, isPlain = false): void {
  const [header, payload] = isPlain ? [undefined, packet] : [packet.subarray(0, 20), packet.subarray(20)]
  const more = { source, destination: plain.multicastGroup, declaredLength: payload.length }
  to.receive(isPlain ? 'eth0/ipv4' : 'eth0/ipv4/ah', { payload, ...(header === undefined ? {} : { header }), ...more })
}
function pass(
  from: World,
  to: World,
  edit: (packet: Uint8Array) => Uint8Array = (same) => same,
  isPlain = false,
): void {
  from.sent.splice(0)
  from.run(seconds(1))
  to.run(seconds(1))
  for (const { payload } of from.sent) arrive(to, edit(payload), isPlain)
}
const seen = async (world: World) => (await world.snapshot())[0]

test('what one sends the other accepts, and it stays backup', async () => {
  const [from, to] = [await sender(withHeader), await receiver(withHeader)]
  for (let i = 0; i < 6; i++) pass(from, to)
  expect(await seen(to)).toMatchObject({ state: 'backup', drops: {}, advertisementsReceived: 6 })
})

test('V-034: another password is refused', async () => {
  const [from, to] = [
    await sender(withHeader),
    await receiver({ ...withHeader, authentication: { type: 'ah', password: 'other' } }),
  ]
  pass(from, to)
  expect((await seen(to))?.drops).toEqual({ authentication: 1 })
})

test('V-034: no one flipped bit of header, message or value is accepted', async () => {
  const [from, to] = [await sender(withHeader), await receiver(withHeader)]
  let bits = 0
  pass(from, to, (good) => {
    for (let at = 0; at < good.length; at++) {
      // What may change on the way, the lengths that the socket reads, and the reserved field.
      if ([0, 1, 2, 3, 6, 7, 10, 11].includes(at)) continue
      for (let bit = 0; bit < 8; bit++, bits++) {
        const bad = good.slice()
        bad[at] = (bad[at] as number) ^ (1 << bit)
        arrive(to, bad)
      }
    }
    return good
  })
  const snapshot = await seen(to)
  expect(snapshot?.advertisementsReceived).toBe(1)
  const drops = Object.values(snapshot?.drops ?? {}).reduce((sum, count) => sum + count, 0)
  expect(drops + (snapshot?.unclaimed?.['virtual-router-id'] ?? 0)).toBe(bits)
})

test('V-034: a bare message where a header is configured, and a header where none is', async () => {
  const [from, to] = [await sender(plain), await receiver(withHeader)]
  pass(from, to, undefined, true)
  expect((await seen(to))?.drops).toEqual({ 'authentication-type': 1 })
  const bare = await receiver(plain)
  // Another virtual router of the interface has headers, so there is a socket for them.
  await bare.configure([plain, { ...withHeader, name: 'VI_2', virtualRouterId: 52 }])
  pass(await sender(withHeader), bare)
  expect((await seen(bare))?.drops).toEqual({ 'authentication-type': 1 })
})

test('a replay is refused, and a master goes on from the last number heard', async () => {
  const [from, to] = [await sender(withHeader), await receiver(withHeader)]
  let first: Uint8Array | undefined
  for (let i = 0; i < 3; i++)
    pass(from, to, (packet) => {
      first ??= packet.slice()
      return packet
    })
  const last = from.sent[0]?.payload[31] as number
  if (first !== undefined) arrive(to, first)
  expect((await seen(to))?.drops).toEqual({ 'authentication-replay': 1 })
  to.sent.splice(0)
  to.run(seconds(4))
  expect(to.sent[0]?.payload[31]).toBe(last + 1)
})

test('a process that takes the place of another one is no replay of it', async () => {
  const began = Date.UTC(2026, 0, 1)
  const [from, to] = [await sender(withHeader, began), await receiver(withHeader)]
  for (let i = 0; i < 30; i++) pass(from, to)
  const next = await sender(withHeader, began + 31_000)
  for (let i = 0; i < 3; i++) pass(next, to)
  expect(await seen(to)).toMatchObject({ state: 'backup', drops: {}, advertisementsReceived: 33 })
})
