export type QuorumState = { readonly name: 'up' | 'down' }

/** A quorum begins as down: reaching it at a start is a gain, which quorum_up hears of (keepalived does the same). */
export const initialQuorum: QuorumState = { name: 'down' }
/** Where an earlier role had it: it is taken to have held, and the first weighing corrects that. */
export const resumedQuorum: QuorumState = { name: 'up' }
