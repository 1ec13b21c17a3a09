/**
 * The forwarding table for a command: through the daemon that keeps it, or opened by the command itself when nobody does.
 * One process at a time opens the embedded core; another waits some seconds for it.
 */

import { resolve } from 'node:path'
import process from 'node:process'
import { fail, type Log, type LogFields, ok, type Result } from '../base/index.ts'
import { type AskedBackend, backendThrough, type ForwardingAsk } from '../forwarding/index.ts'
import { systemPorts } from '../roles/forwarding/index.ts'
import { askControl, type ControlError } from '../sys/control/index.ts'
import { pinDirectoryFor } from './daemon/places.ts'
import { controlPath } from './daemon-request.ts'

export type TablePlace = {
  /** Absent: the one that the running daemon uses, else the embedded core. */
  readonly backend?: 'ebpf' | 'ipvs'
  readonly runDirectory: string
}

export type OpenedTable = {
  readonly backend: AskedBackend
  /** The table goes on forwarding. */
  close(): Promise<void>
}

export type TableFailure = {
  readonly backend: 'ebpf' | 'ipvs'
  readonly reason: string
  /** One sentence that names the thing and the remedy. */
  readonly message: string
}

/** The daemon did not answer what a command needs; the command cannot go on. */
export class NoAnswer extends Error {}

export async function openTable({ backend, runDirectory }: TablePlace): Promise<Result<OpenedTable, TableFailure>> {
  if (backend === 'ipvs') return openHere('ipvs', runDirectory)
  const path = controlPath(runDirectory)
  const asked = await askForwarding(path, { type: 'info' })
  if (!asked.ok) {
    if (asked.error.reason === 'absent') return openHere(backend ?? 'ebpf', runDirectory)
    return fail({ backend: backend ?? 'ebpf', reason: asked.error.reason, message: asked.error.message })
  }
  const { backend: kind, value } = asked.value
  if (value === undefined || (backend !== undefined && kind !== backend)) return openHere(backend ?? kind, runDirectory)
  const through = backendThrough(kind, async (ask) => {
    const answer = await askForwarding(path, ask)
    if (!answer.ok) throw new NoAnswer(answer.error.message)
    return answer.value.value
  })
  return ok({ backend: through, close: async () => {} })
}

async function openHere(backend: 'ebpf' | 'ipvs', runDirectory: string): Promise<Result<OpenedTable, TableFailure>> {
  const directory = resolve(runDirectory)
  const pinDirectory = pinDirectoryFor(directory)
  const opened = await systemPorts().openBackend(
    { backend, pinDirectory, runDirectory: directory, flush: false },
    commandLog,
  )
  if (!opened.ok) return fail({ backend, ...opened.error })
  return ok({ backend: opened.value, close: () => opened.value.close('services-in-place') })
}

/** Between two pieces of an answer. */
const patience = 60_000

type Answer = { readonly backend: 'ebpf' | 'ipvs'; readonly value: unknown }

/** `value` is undefined when the daemon keeps no table. */
async function askForwarding(
  path: string,
  ask: ForwardingAsk,
): Promise<Result<Answer, { readonly reason: ControlError['reason'] | 'refused'; readonly message: string }>> {
  let answer: Answer | undefined
  let refusal: string | undefined
  const list: unknown[] = []
  const result = await askControl(
    path,
    { request: 'forwarding', ask },
    (value) => {
      const { type, backend, part, more, message } = value as Readonly<Record<string, unknown>>
      if (type !== 'forwarding') {
        refusal =
          typeof message === 'string'
            ? message
            : `${path}: an answer of another kind; is it a holdfastd of this version?`
        return 'enough'
      }
      // One entry at a time: a call takes only so many arguments.
      if (Array.isArray(part)) for (const one of part) list.push(one)
      answer = { backend: backend === 'ipvs' ? 'ipvs' : 'ebpf', value: Array.isArray(part) ? list : part }
      return more === true ? 'more' : 'enough'
    },
    patience,
  )
  if (refusal !== undefined) return fail({ reason: 'refused', message: refusal })
  if (!result.ok) return fail(result.error)
  return answer === undefined ? fail({ reason: 'closed', message: `${path}: no answer` }) : ok(answer)
}

const tell = (message: string, fields?: LogFields): void =>
  void process.stderr.write(`${message}${fields === undefined ? '' : ` ${JSON.stringify(fields)}`}\n`)

/** What a command that opens the table says besides its answer: what went wrong. */
const commandLog: Log = { debug() {}, info() {}, warn: tell, error: tell, child: () => commandLog }
