export type QuorumAction = { readonly type: 'announce-quorum'; readonly up: boolean }
