import type { IpAddress } from '../../base/index.ts'

/** The last sequence number accepted of each sender, the most recent sender first. */
export type Marks = readonly { readonly source: IpAddress; readonly sequence: bigint }[]

export const noMarks: Marks = []

const SENDERS = 4

/** @param everySender unicast: its senders are the configured peers; of others the four most recent are kept */
export function marked(marks: Marks, source: IpAddress, sequence: bigint, everySender: boolean): Marks {
  const others = marks.filter((one) => one.source !== source)
  return [{ source, sequence }, ...(everySender ? others : others.slice(0, SENDERS - 1))]
}
