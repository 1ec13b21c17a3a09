/**
 * Why a name has told nothing. `nxdomain`: it is said not to exist, or its service not to be there. `empty`: it exists, and has
 * nothing of what was asked for. `unusable`: what it has cannot be real servers. `unanswered`: nobody could tell.
 */
export type LookupFailure = {
  readonly reason: 'nxdomain' | 'empty' | 'unusable' | 'unanswered'
  /** One sentence without a full stop. */
  readonly message: string
}
