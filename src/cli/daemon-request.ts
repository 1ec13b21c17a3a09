import { resolve } from 'node:path'
import process from 'node:process'
import { fail, ok, type Result } from '../base/index.ts'
import { askControl, type ControlError } from '../sys/control/index.ts'

export type DaemonAnswer = Readonly<Record<string, unknown>> & { readonly type: string }

export const controlPath = (runDirectory: string): string => `${resolve(runDirectory)}/control.sock`

/** Sends a request to the daemon; the failure is a sentence with its remedy. */
export async function askDaemon(
  runDirectory: string,
  request: unknown,
  onAnswer: (answer: DaemonAnswer) => 'more' | 'enough',
  /** Milliseconds. */
  patience = 60_000,
): Promise<Result<void, string>> {
  const path = controlPath(runDirectory)
  let refusal: string | undefined
  const result = await askControl(
    path,
    request,
    (value) => {
      if (!isAnswer(value)) {
        refusal = `${path}: an answer of another kind; is it a holdfastd of this version?`
        return 'enough'
      }
      if (value.type !== 'error') return onAnswer(value)
      refusal = typeof value['message'] === 'string' ? value['message'] : 'refused'
      return 'enough'
    },
    patience,
  )
  if (refusal !== undefined) return fail(refusal)
  return result.ok ? ok(undefined) : fail(sentence(path, result.error))
}

const isAnswer = (value: unknown): value is DaemonAnswer =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'

/** What is said when nobody listens at that path. */
export const notRunning = (path: string): string =>
  `holdfastd is not running (no ${path}); start it, or name its directory with --run-dir`

function sentence(path: string, error: ControlError): string {
  if (error.reason === 'absent') return notRunning(path)
  if (error.reason === 'denied') return `no permission for ${path}; be root`
  return error.message
}

export function complain(message: string): number {
  process.stderr.write(`holdfast: ${message}\n`)
  return 1
}
