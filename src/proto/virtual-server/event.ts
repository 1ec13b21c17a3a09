/** The weight sum of the living real servers may have changed. */
export type QuorumEvent = { readonly type: 'weighed'; readonly weight: number }
