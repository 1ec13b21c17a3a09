/** A virtual router that speaks to its peers by whatever interface leads to them. */
import { expect, test } from 'vitest'
import { address, micros, seconds } from '../../../src/base/index.ts'
import type { VirtualRouter } from '../../../src/model/index.ts'
import { advertisementsOf } from '../../../src/roles/vrrp/outgoing.ts'
import { announcements, router } from '../../proto/vrrp/setting.ts'
import { ethernet, onLink, World } from './world.ts'

const quiet = { ...announcements, masterRepeat: 1, masterDelay: micros(0) }
const roaming: VirtualRouter = {
  ...router,
  announcements: quiet,
  interface: '',
  anyInterface: true,
  source: address('192.0.2.11'),
  unicastPeers: [address('192.0.2.12')],
  dontTrackPrimary: true,
}
const state = async (world: World) => (await world.snapshot())[0]

test('it is master by its source on any interface, and in fault only without it', async () => {
  const world = new World()
  await world.configure([roaming])
  world.run(seconds(4))
  expect(world.deeds().slice(0, 2)).toEqual(['advert 100 to 192.0.2.12', 'add 192.0.2.100/24'])
  world.happens({ type: 'address-removed', address: onLink(2, '192.0.2.11/24') })
  expect(await state(world)).toMatchObject({ state: 'fault', faultReason: expect.stringContaining('192.0.2.11') })
  world.links.set(3, ethernet(3, 'eth1'))
  world.happens({ type: 'link', link: ethernet(3, 'eth1') })
  world.happens({ type: 'address', address: onLink(3, '192.0.2.11/24') })
  expect(await state(world)).toMatchObject({ state: 'backup' })
})

test('what is for another address of the host is nobody’s', async () => {
  const world = new World()
  await world.configure([roaming])
  const hear = (destination: string) => {
    const peer = { ...roaming, unicastPeers: [address(destination)] }
    for (const datagram of advertisementsOf(peer, address('192.0.2.12'), 200))
      world.receive('/ipv4', { ...datagram, declaredLength: datagram.payload.length })
  }
  hear('192.0.2.13')
  expect(await state(world)).toMatchObject({
    advertisementsReceived: 0,
    drops: {},
    unclaimed: { 'virtual-router-id': 1 },
  })
  hear('192.0.2.11')
  expect(await state(world)).toMatchObject({ advertisementsReceived: 1, unclaimed: { 'virtual-router-id': 1 } })
})

test('in a VRF it waits for that, and its state does not matter', async () => {
  const world = new World()
  await world.configure([{ ...roaming, interface: 'red' }])
  expect(await state(world)).toMatchObject({ state: 'fault', faultReason: 'red: no such interface' })
  world.links.set(9, ethernet(9, 'red'))
  world.happens({ type: 'link', link: ethernet(9, 'red', { running: false }) })
  expect(await state(world)).toMatchObject({ state: 'backup' })
})
