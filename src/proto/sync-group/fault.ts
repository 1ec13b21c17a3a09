/** Why each member may not run, in words for the user. */
type Reason = { readonly name: string; readonly reason: string | undefined }

/**
 * Why `member` may not run: its own reason, else that of the first member that has one; undefined: the whole group may.
 */
export function faultOf(group: string, member: Reason, others: readonly Reason[]): string | undefined {
  if (member.reason !== undefined) return member.reason
  const failed = others.find(({ reason }) => reason !== undefined)
  return failed && `sync group ${group}: ${failed.name} is in fault (${failed.reason})`
}
