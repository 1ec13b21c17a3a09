/**
 * Tables of checks: one virtual server with a real server a row, each checked in a way of its own and told apart by its port,
 * while the checker connects to where the servers of the scene listen.
 */
import type { DaemonSnapshot, RealServerSnapshot } from '../../src/observe/index.ts'
import { type Holdfastd, until } from '../lab/library/index.ts'

export type CheckRow = {
  readonly claim: string
  /** The checkers of the real server, and whatever else it says. */
  readonly real: string
  /** `up accepted`: the state of the real server, and how the last probe of each checker ended, `-` where there was none. */
  readonly ends: string
}

const FIRST_PORT = 1001

/** @param more  lines of the virtual server */
export const virtualServerOf = (rows: readonly CheckRow[], more = ''): string => `virtual_server 192.0.2.100 80 {
lb_algo rr
lb_kind NAT
protocol TCP
${more}
${rows.map(({ real }, i) => `real_server 192.0.2.21 ${FIRST_PORT + i} {\n${real}\n}`).join('\n')}
}
`

/** The real server of a row. */
export const serverOf = (
  { virtualServers }: DaemonSnapshot,
  rows: readonly CheckRow[],
  claim: string,
): RealServerSnapshot | undefined => virtualServers[0]?.realServers[rows.findIndex((row) => row.claim === claim)]

/** The weight of each row in the forwarding table, by its claim; undefined: it is not there. */
export function weightsOf(
  { forwarding }: DaemonSnapshot,
  rows: readonly CheckRow[],
): Record<string, number | undefined> {
  const held = new Map(forwarding?.services[0]?.destinations.map(({ port, weight }) => [port, weight]))
  return Object.fromEntries(rows.map(({ claim }, i) => [claim, held.get(FIRST_PORT + i)]))
}

/** Waits until every row has ended as it has to; the complaint tells those that have not. */
export async function allEnd(daemon: Holdfastd, rows: readonly CheckRow[]): Promise<DaemonSnapshot> {
  let wrong: readonly string[] = []
  return until(
    'every check ends as it has to',
    async () => {
      const snapshot = await daemon.tryStatus()
      if (snapshot === undefined) return undefined
      wrong = rows.flatMap(({ claim, ends }, i) => {
        const server = snapshot.virtualServers[0]?.realServers[i]
        const seen = [server?.state, ...(server?.checkers.map(({ lastOutcome }) => lastOutcome ?? '-') ?? [])].join(' ')
        const details = server?.checkers.map(({ detail }) => detail).join('; ')
        return seen === ends ? [] : [`${claim}: expected ${ends}, got ${seen} (${details})`]
      })
      return wrong.length === 0 ? snapshot : undefined
    },
    { every: 200, detail: () => `${wrong.join('\n')}\n${daemon.process.output}` },
  )
}
