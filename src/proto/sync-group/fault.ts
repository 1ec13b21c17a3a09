/** A member that may not run, and why, in words for the user. */
export type Failed = { readonly name: string; readonly reason: string }

/**
 * Why a member may not run: its own reason, else that of the first of its group that has one; undefined: the whole group may.
 */
export const faultOf = (group: string, own: string | undefined, first: Failed | undefined): string | undefined =>
  own ?? (first && `${JOINT}${group}: ${first.name} is in fault (${first.reason})`)

const JOINT = 'sync group '

/** Whether a member has this fault from another one. */
export const isJointFault = (reason: string): boolean => reason.startsWith(JOINT)
