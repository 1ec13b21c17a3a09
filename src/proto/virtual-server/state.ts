/** Initially the quorum counts as up; the first weighing corrects that (keepalived does the same). */
export type QuorumState = { readonly name: 'up' | 'down' }

export const initialQuorum: QuorumState = { name: 'up' }
