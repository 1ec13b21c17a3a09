/**
 * `holdfast rollout`: one real server of a service after the other is drained, given to a command, waited for until its checks
 * pass, and put back. The first failure ends it, and leaves that server out and all others in service. It asks the running
 * daemon for everything; what it orders is in status, with its reason, and ends by `holdfast undrain`.
 */

export { type RolloutOptions, rollOut } from './roll-out.ts'
