/** A script and whom to run it as. `argv[0]` is the program. */
export type Command = {
  readonly argv: readonly string[]
  readonly user?: string
  readonly group?: string
  /** With all groups of the user. */
  readonly supplementaryGroups?: true
}
