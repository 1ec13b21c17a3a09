import type { IpAddress, Log, Micros, Result } from '../../base/index.ts'
import type { ForwardingBackend, Unsupported } from '../../forwarding/index.ts'
import type { ForwardingSlice } from '../ipc/index.ts'

/** The world of the forwarding role. */
export type ForwardingPorts = {
  /** Opens the backend that the slice names; what is pinned from an earlier life is taken over. */
  openBackend(slice: ForwardingSlice, log: Log): Promise<Result<ForwardingBackend, Unsupported>>
  /** Those that this host does not take packets for. */
  notHere(addresses: readonly IpAddress[]): readonly IpAddress[]
  /** Keys of the services that a daemon of this slice has put into the table and not removed. */
  ownServices(slice: ForwardingSlice): readonly string[]
  /** Written down before they are put, so that a daemon after a crash knows what is its own to remove. */
  rememberOwnServices(slice: ForwardingSlice, keys: readonly string[]): Result<void, { readonly message: string }>
  /** Calls back once after the delay; the result cancels. */
  schedule(delay: Micros, action: () => void): () => void
}
