import type { VrrpSnapshot } from '../../observe/index.ts'
import type {
  CheckerSlice,
  ForwardingSlice,
  FromChecker,
  FromForwarding,
  FromVrrp,
  SnapshotText,
  ToChecker,
  ToForwarding,
  ToVrrp,
  VrrpSlice,
} from './messages.ts'

/** What each role is given, told and says: for code that handles all roles alike. */
export type RoleTraffic = {
  readonly vrrp: {
    readonly slice: VrrpSlice
    readonly to: ToVrrp
    readonly from: FromVrrp
    readonly snapshot: VrrpSnapshot
  }
  readonly checker: {
    readonly slice: CheckerSlice
    readonly to: ToChecker
    readonly from: FromChecker
    readonly snapshot: SnapshotText
  }
  readonly forwarding: {
    readonly slice: ForwardingSlice
    readonly to: ToForwarding
    readonly from: FromForwarding
    readonly snapshot: SnapshotText
  }
}
