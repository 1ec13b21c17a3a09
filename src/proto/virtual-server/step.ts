import type { VirtualServer } from '../../model/index.ts'
import type { QuorumAction } from './action.ts'
import type { QuorumEvent } from './event.ts'
import type { QuorumState } from './state.ts'

export type QuorumStep = { readonly state: QuorumState; readonly actions: readonly QuorumAction[] }

/**
 * Weighs the living real servers: the quorum is lost at a sum of 0 or below quorum − hysteresis and gained at quorum +
 * hysteresis (keepalived.conf(5)). A sum of 0 never gains it, whatever the quorum: keepalived gains and loses it by turns
 * when all weights are 0. A service that begins without its quorum announces the loss only if that brings the sorry server.
 */
export function stepQuorum(
  server: Pick<VirtualServer, 'quorum' | 'hysteresis' | 'sorryServer'>,
  state: QuorumState,
  { type, weight }: QuorumEvent,
): QuorumStep {
  const { quorum, hysteresis } = server
  if (state.name === 'up' && (weight === 0 || weight < quorum - hysteresis))
    return { state: { name: 'down' }, actions: [{ type: 'announce-quorum', up: false }] }
  if (state.name === 'down' && weight > 0 && weight >= quorum + hysteresis)
    return { state: { name: 'up' }, actions: [{ type: 'announce-quorum', up: true }] }
  if (type === 'began' && state.name === 'down' && server.sorryServer !== undefined)
    return { state, actions: [{ type: 'announce-quorum', up: false }] }
  return { state, actions: [] }
}
