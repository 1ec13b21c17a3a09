/** Ends a total switch; reaching it is a bug, so it throws and the role dies. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`)
}
