import type { Instant, IpAddress, Result } from '../../base/index.ts'
import type { FloodGuard } from '../../sys/flood-guard/index.ts'
import type { HandoffConnection, HandoffError, HandoffListener } from '../../sys/handoff/index.ts'
import type {
  ChangeNftables,
  NetlinkError,
  OpenRouteClient,
  OpenRouteMonitor,
  VirtualLinkPlan,
  WatchNftables,
} from '../../sys/netlink/index.ts'
import type {
  OpenClaimSocket,
  OpenFrameSocket,
  OpenUdpReceiver,
  OpenUdpSender,
  OpenVrrpSocket,
} from '../../sys/socket/index.ts'
import type { Clock, OpenTimer } from '../../sys/time/index.ts'

/** What the kernel is asked to do with virtual links, all at once done. */
export type VirtualLinkPorts = {
  /** Down, with our mark. */
  make(plan: VirtualLinkPlan): Result<void, NetlinkError>
  raise(name: string): Result<void, NetlinkError>
  remove(name: string): Result<void, NetlinkError>
  /** The kernel tells everybody of this interface, whose group is given. */
  retell(name: string, group: number): Result<void, NetlinkError>
  /** An address that does not move. */
  lendAddress(index: number, address: IpAddress, prefixLength: number): Result<void, NetlinkError>
  takeBackAddress(index: number, address: IpAddress, prefixLength: number): Result<void, NetlinkError>
}

/** Settings below /proc/sys, and one file of our own. */
export type SmallFiles = {
  /** Undefined where there is none. */
  read(path: string): string | undefined
  /** Into the file that is there; whether it could be. */
  write(path: string, text: string): boolean
  /** The whole file in one step. */
  replace(path: string, text: string): void
  remove(path: string): void
}

/** The world of the vrrp role. */
export type VrrpPorts = {
  readonly clock: Clock
  readonly openTimer: OpenTimer
  /** Goes on at that moment, not a timer's lateness after it; less than a millisecond away, for meanwhile nothing else is done. */
  lingerUntil(at: Instant): void
  readonly openVrrpSocket: OpenVrrpSocket
  readonly openFrameSocket: OpenFrameSocket
  readonly openUdpReceiver: OpenUdpReceiver
  readonly openUdpSender: OpenUdpSender
  /** 0 up to but not including 1. */
  readonly random: () => number
  readonly openClaimSocket: OpenClaimSocket
  /** Takes some ms the first time. */
  openFloodGuard(): Promise<Result<FloodGuard, { readonly message: string }>>
  readonly openRouteClient: OpenRouteClient
  readonly openRouteMonitor: OpenRouteMonitor
  readonly links: VirtualLinkPorts
  readonly changeNftables: ChangeNftables
  readonly watchNftables: WatchNftables
  readonly files: SmallFiles
  listenForSuccessor(
    path: string,
    onSuccessor: (connection: HandoffConnection) => void,
  ): Promise<Result<HandoffListener, HandoffError>>
  connectToPredecessor(path: string): Promise<Result<HandoffConnection, HandoffError>>
  /** SCHED_RR at this priority for the event loop's thread. */
  setRealTime(priority: number): Result<void, { readonly message: string }>
  /** All is closed: the process may go. */
  end(): void
}
