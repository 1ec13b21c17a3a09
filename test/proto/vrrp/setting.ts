/** What the tables of the virtual router's machine start from. */
import { address, type Instant, instant, micros, seconds } from '../../../src/base/index.ts'
import type { AnnouncementSettings, VirtualRouter } from '../../../src/model/index.ts'
import type { AdvertisementReceived, Backup, Master, VrrpAction } from '../../../src/proto/vrrp/index.ts'

/** Seconds on the test's clock. */
export const at = (of: number): Instant => instant(Math.round(of * 1_000_000))

export const announcements: AnnouncementSettings = {
  masterDelay: seconds(5),
  masterRepeat: 5,
  masterRefresh: micros(0),
  masterRefreshRepeat: 1,
  lowerPrioDelay: seconds(5),
  lowerPrioRepeat: 5,
  garpInterval: micros(0),
  gnaInterval: micros(0),
}

export const self = address('192.0.2.11')
export const lower = address('192.0.2.10')
export const higher = address('192.0.2.12')

/** v3 over IPv4, priority 100, one second, preempting. */
export const router: VirtualRouter = {
  name: 'VI_1',
  family: 4,
  version: 3,
  interface: 'eth0',
  virtualRouterId: 51,
  initialState: 'backup',
  priority: 100,
  advertisementInterval: seconds(1),
  addresses: [{ address: address('192.0.2.100'), prefixLength: 24, interface: 'eth0', scope: 0 }],
  excludedAddresses: [],
  preempt: true,
  preemptDelay: micros(0),
  multicastGroup: address('224.0.0.18'),
  unicastPeers: [],
  unicastTtl: 255,
  checkUnicastSource: false,
  downTimerAdverts: 3,
  announcements,
  lowerPrioNoAdvert: false,
  higherPrioSendAdvert: false,
  ownerIgnoreAdverts: false,
  skipCheckAdvAddr: false,
  v3ChecksumAsV2: false,
  dontTrackPrimary: false,
  tracks: [],
  notify: {},
}
export const owner: VirtualRouter = { ...router, priority: 255, initialState: 'master' }
export const v2: VirtualRouter = { ...router, version: 2 }

/** Follows a stronger master; its down timer ends at 12 s. */
export const backup: Backup = {
  name: 'backup',
  masterInterval: seconds(1),
  downAt: at(12),
  heard: { source: higher, priority: 200 },
}
/** Has its next turn at 10.5 s. */
export const master: Master = { name: 'master', advertiseAt: at(10.5) }

export const advert = (more: Partial<AdvertisementReceived>): AdvertisementReceived => ({
  type: 'advertisement-received',
  priority: 200,
  interval: seconds(1),
  source: higher,
  self,
  ...more,
})

export const becomingMaster = (
  priority: number,
  cause: Extract<VrrpAction, { type: 'notify' }>['cause'],
): VrrpAction[] => [
  { type: 'send-advertisement', priority },
  { type: 'install-addresses' },
  { type: 'announce-addresses', occasion: 'entered' },
  { type: 'notify', entered: 'MASTER', cause },
]
/** The same with the addresses first. */
export function inPlaceOfLiving(...of: Parameters<typeof becomingMaster>): VrrpAction[] {
  const [hello, take, ...rest] = becomingMaster(...of)
  return [take!, hello!, ...rest]
}
/** In order, and at once. */
export const stopped = { type: 'stopped', keepAddresses: false, within: micros(0), alone: false } as const

export const lettingGo: VrrpAction[] = [{ type: 'cease-announcing' }, { type: 'remove-addresses' }]
