import type { Result } from '../../base/index.ts'
import type { HandoffConnection, HandoffError, HandoffListener } from '../../sys/handoff/index.ts'
import type { OpenRouteClient, OpenRouteMonitor } from '../../sys/netlink/index.ts'
import type { OpenFrameSocket, OpenVrrpSocket } from '../../sys/socket/index.ts'
import type { Clock, OpenTimer } from '../../sys/time/index.ts'

/** The world of the vrrp role. */
export type VrrpPorts = {
  readonly clock: Clock
  readonly openTimer: OpenTimer
  readonly openVrrpSocket: OpenVrrpSocket
  readonly openFrameSocket: OpenFrameSocket
  readonly openRouteClient: OpenRouteClient
  readonly openRouteMonitor: OpenRouteMonitor
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
