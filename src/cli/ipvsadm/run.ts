import { readFileSync } from 'node:fs'
import process from 'node:process'
import { fail, ok, type Result } from '../../base/index.ts'
import { NoAnswer, openTable, type TableFailure, type TablePlace } from '../open-table.ts'
import type { Outcome } from './execute.ts'
import { helpText, versionLine } from './help-text.ts'
import type { Request } from './request.ts'
import { carryOut, refusalOutcome, understand } from './session.ts'
import { systemLookups } from './system-lookups.ts'
import { accessTable } from './table-access.ts'

/** By these names a link to `holdfast` is ipvsadm or one of its two scripts. */
export const programs = ['ipvsadm', 'ipvsadm-save', 'ipvsadm-restore'] as const
export type Program = (typeof programs)[number]

/** Carries out one command line; the exit code. */
export async function runIpvsadm(program: Program, argv: readonly string[]): Promise<number> {
  // A reader that has seen enough (`| head`) is no failure.
  process.stdout.on('error', () => process.exit(0))
  const placed = splitPlace(argv)
  if (!placed.ok) return print({ exitCode: 2, stdout: '', stderr: `${placed.error}\n` })
  const { place, words } = placed.value
  const lookups = systemLookups()
  const commands = linesFor(program, words)
  if (commands === undefined) {
    process.stderr.write(saveHelp)
    return 1
  }
  const requests: Request[] = []
  for (const line of commands) {
    const understood = await understand(line, lookups)
    if (understood.type === 'refused') return print(refusalOutcome(understood.refusal))
    // These need no table.
    if (understood.request.type === 'help') return print({ exitCode: 0, stdout: helpText, stderr: '' })
    if (understood.request.type === 'version') return print({ exitCode: 0, stdout: `${versionLine}\n`, stderr: '' })
    requests.push(understood.request)
  }

  // Before the table is opened: what is restored may come from a command that saves the same table.
  const input = requests.some(({ type }) => type === 'restore') ? restoreInput(program) : ''
  const opened = await openTable(place)
  if (!opened.ok) return print({ exitCode: 2, stdout: '', stderr: failureText(opened.error) })
  const table = accessTable(opened.value.backend)
  let exitCode = 0
  try {
    for (const request of requests) exitCode = print(await carryOut(request, table, lookups, input))
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error
    exitCode = print({ exitCode: 255, stdout: '', stderr: `${error.message}\n` })
  } finally {
    await opened.value.close()
  }
  return exitCode
}

/** What the scripts of the ipvsadm package make of their words; undefined: they explain themselves. */
function linesFor(program: Program, words: readonly string[]): readonly (readonly string[])[] | undefined {
  if (program === 'ipvsadm') return [words]
  if (program === 'ipvsadm-restore') return [['-C'], ['-R']]
  if (words.some((word) => word.startsWith('-') && word !== '-n')) return undefined
  return [words.includes('-n') ? ['-S', '-n'] : ['-S']]
}

const saveHelp = `ipvsadm-save: prints the commands that make the IPVS table, for ipvsadm-restore.
   With -n, numbers instead of names.
`

/** Our own options, which come before ipvsadm's. */
function splitPlace(
  argv: readonly string[],
): Result<{ readonly place: TablePlace; readonly words: readonly string[] }, string> {
  let place: TablePlace = { runDirectory: '/run/holdfast' }
  let words = argv
  for (;;) {
    const [, name, attached] = /^--(backend|run-dir)(?:=(.*))?$/s.exec(words[0] ?? '') ?? []
    if (name === undefined) return ok({ place, words })
    const value = attached ?? words[1]
    if (value === undefined) return fail(`--${name}: missing argument`)
    words = words.slice(attached === undefined ? 2 : 1)
    if (name === 'run-dir') place = { ...place, runDirectory: value }
    else if (value === 'ebpf' || value === 'ipvs') place = { ...place, backend: value }
    else return fail(`--backend ${value}: there are ebpf and ipvs`)
  }
}

function failureText({ backend, reason, message }: TableFailure): string {
  const denied = reason === 'no-privileges' || reason === 'denied'
  const first = `Can't initialize ipvs: ${denied ? 'Permission denied (you must be root)' : message}\n`
  return backend === 'ipvs' || denied
    ? `${first}Are you sure that IP Virtual Server is built in the kernel or as module?\n`
    : first
}

function restoreInput(program: Program): string {
  const text = readFileSync(0, 'utf8')
  return program === 'ipvsadm' ? text : text.replace(/^#.*$/gm, '')
}

function print({ stdout, stderr, exitCode }: Outcome): number {
  process.stdout.write(stdout)
  process.stderr.write(stderr)
  return exitCode
}
