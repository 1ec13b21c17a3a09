import type { Result } from '../../base/index.ts'
import type { SyncedConnection } from '../../wire/ipvs-sync/index.ts'

/** What became of connections that another director told of; they add up to how many it told of. */
export type TakenIn = {
  readonly entered: number
  /** Were here already. */
  readonly renewed: number
  /** In the way of one that is here and lives, or without room. */
  readonly refused: number
  /** With flags, a state, a protocol or a family that cannot be (ip_vs_proc_conn). */
  readonly invalid: number
}

/** The tables of a backend that has no sync daemons of its own, for ours. */
export type ConnectionExchange = {
  /** From here on `onNews` is called with what other directors are to be told of. */
  listen(onNews: (connections: readonly SyncedConnection[]) => void): Result<void, { readonly message: string }>
  /** Nobody is to be told of anything any more. */
  deafen(): void
  /** What these need before `takeIn`, which refuses them otherwise; resolves however that ends. Undefined: nothing. */
  readies(connections: readonly SyncedConnection[]): Promise<void> | undefined
  /**
   * Puts in what another director told of.
   * @param asOf  when that was so, in whole seconds of the monotonic clock: what was heard of one since then is newer, and stays;
   *              absent: now
   */
  takeIn(connections: readonly SyncedConnection[], asOf?: number): TakenIn
  /** All that another director should have, in parts; what comes and goes meanwhile may be in it or not. */
  all(): Generator<readonly SyncedConnection[], void, void>
}
