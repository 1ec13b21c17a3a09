/** Command lines from first word to exit code, one or the many of restore input. */

import type { IpAddress } from '../../base/index.ts'
import type { Names } from './address-text.ts'
import { parseCommandLine } from './command-line.ts'
import { execute, type FindNames, type Outcome } from './execute.ts'
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

async function restore(text: string, table: TableAccess, lookups: Lookups): Promise<Outcome> {
  let stdout = ''
  let stderr = ''
  let exitCode: Outcome['exitCode'] = 0
  for (const words of restoreLines(text)) {
    const understood = await understand(words, lookups, true)
    const outcome: Outcome =
      understood.type === 'refused'
        ? refusalOutcome(understood.refusal)
        : understood.request.type === 'restore'
          ? { exitCode, stdout: '', stderr: '' }
          : await execute(understood.request, table, lookups.findNames)
    stdout += outcome.stdout
    stderr += outcome.stderr
    exitCode = outcome.exitCode
    if (outcome.ends === true) break
  }
  return { exitCode, stdout, stderr }
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
