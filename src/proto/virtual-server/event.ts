/** The weight sum of the living real servers may have changed, or is known for the first time: the service began. */
export type QuorumEvent = { readonly type: 'began' | 'weighed'; readonly weight: number }
