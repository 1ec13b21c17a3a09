/** What a peer says to the vrrp role in a `World`: 192.0.2.12, in the virtual router of test/proto/vrrp/setting. */
import { address, centiseconds, type IpAddress, micros, pseudoHeader } from '../../../src/base/index.ts'
import type { VirtualRouter } from '../../../src/model/index.ts'
import { encodeAdvertisementV3 } from '../../../src/wire/vrrp/index.ts'
import { announcements, router } from '../../proto/vrrp/setting.ts'
import type { World } from './world.ts'

/** Tells its neighbours once. */
export const calm: VirtualRouter = {
  ...router,
  announcements: { ...announcements, masterRepeat: 1, masterDelay: micros(0) },
}

const peer = address('192.0.2.12')
const group = address('224.0.0.18')

/** @param interval  hundredths of a second */
export function advertisement(priority: number, virtualRouterId = 51, interval = 100): Uint8Array {
  const message = {
    version: 3,
    virtualRouterId,
    priority,
    reserved: 0,
    interval: centiseconds(interval),
    addresses: [address('192.0.2.100')],
    checksum: 'with-pseudo-header',
  } as const
  return encodeAdvertisementV3(message, 4, pseudoHeader(peer, group, 112, 12))
}

/** One with a wrong checksum. */
export function damaged(): Uint8Array {
  const bytes = advertisement(200)
  bytes[6] = (bytes[6] ?? 0) ^ 0xff
  return bytes
}

export const hear = (world: World, payload: Uint8Array, source: IpAddress = peer) =>
  world.receive('eth0/ipv4', { payload, source, destination: group, hopLimit: 255, declaredLength: payload.length })
