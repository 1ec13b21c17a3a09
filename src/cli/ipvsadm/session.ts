/** Command lines from first word to exit code, one or the many of restore input. */

import type { IpAddress } from '../../base/index.ts'
import { endpoint, type OpResult, serviceKey } from '../../forwarding/index.ts'
import type { Names } from './address-text.ts'
import { parseCommandLine } from './command-line.ts'
import {
  decideServer,
  execute,
  type FindNames,
  type Outcome,
  outcomeOf,
  type ServerOrder,
  type ServerRequest,
} from './execute.ts'
import type { Refusal, Request } from './request.ts'
import type { TableAccess } from './table-access.ts'

/** Where names come from. */
export type Lookups = {
  /** The first IPv4 address of a host; undefined: it has none. */
  hostAddress(name: string): Promise<IpAddress | undefined>
  port: Names['port']
  readonly findNames: FindNames
}

export type Understood =
  | { readonly type: 'request'; readonly request: Request }
  | { readonly type: 'refused'; readonly refusal: Refusal }

/** Parses, looking up the host names on the way. */
export async function understand(argv: readonly string[], lookups: Lookups, restoring = false): Promise<Understood> {
  const hosts = new Map<string, IpAddress | 'unknown'>()
  const names: Names = { host: (name) => hosts.get(name), port: lookups.port }
  for (;;) {
    const parsed = parseCommandLine(argv, names, restoring)
    if (parsed.type !== 'ask') return parsed
    hosts.set(parsed.host, (await lookups.hostAddress(parsed.host)) ?? 'unknown')
  }
}

/** @param input  all of standard input; read only to restore */
export async function carryOut(
  request: Request,
  table: TableAccess,
  lookups: Lookups,
  input: string,
): Promise<Outcome> {
  if (request.type !== 'restore') return execute(request, table, lookups.findNames)
  return restore(input, table, lookups)
}

/** So many orders at most go to the backend at once. */
const BATCH = 1_000

/**
 * Line by line, as ipvsadm does; orders about servers wait for each other, because those that come together cost the
 * backend little more than one. Whatever else comes, or names a server a second time, comes after them.
 */
async function restore(text: string, table: TableAccess, lookups: Lookups): Promise<Outcome> {
  const printed: Outcome[] = []
  const waiting = new Map<string, ServerOrder>()
  const flush = async () => {
    const orders = [...waiting.values()]
    waiting.clear()
    const results = await table.apply(orders.map(({ op }) => op))
    for (const [i, { errand }] of orders.entries()) printed.push(outcomeOf(errand, results[i] as OpResult))
  }
  for (const words of restoreLines(text)) {
    const understood = await understand(words, lookups, true)
    const name = understood.type === 'request' ? serverNamed(understood.request) : undefined
    if (name === undefined || waiting.has(name) || waiting.size >= BATCH) await flush()
    if (understood.type === 'refused') printed.push(refusalOutcome(understood.refusal))
    else if (name !== undefined) {
      const decided = await decideServer(understood.request as ServerRequest, table)
      if ('exitCode' in decided) {
        await flush()
        printed.push(decided)
      } else waiting.set(name, decided)
    } else if (understood.request.type !== 'restore')
      printed.push(await execute(understood.request, table, lookups.findNames))
    if (printed.at(-1)?.ends === true) break
  }
  await flush()
  return {
    exitCode: printed.at(-1)?.exitCode ?? 0,
    stdout: printed.map(({ stdout }) => stdout).join(''),
    stderr: printed.map(({ stderr }) => stderr).join(''),
  }
}

function serverNamed(request: Request): string | undefined {
  switch (request.type) {
    case 'add-server':
    case 'edit-server':
    case 'delete-server':
      return `${serviceKey(request.service)} ${endpoint(request.server)}`
    default:
      return undefined
  }
}

export const refusalOutcome = ({ exitCode, message, ends }: Refusal): Outcome => ({
  exitCode,
  stdout: '',
  stderr: `${message}\n`,
  ...(ends ? { ends } : {}),
})

/** The words of each line that has any; `ipvsadm` among them is no word. There are no quotes and no comments. */
export const restoreLines = (text: string): readonly (readonly string[])[] =>
  text
    .split('\n')
    .map((line) => line.split(/[ \t\r]+/).filter((word) => word !== '' && word !== 'ipvsadm'))
    .filter((words) => words.length > 0)
