import process from 'node:process'
import type { DaemonSnapshot } from '../../observe/index.ts'
import { askDaemon, complain, type DaemonAnswer } from '../daemon-request.ts'
import { paletteFor } from './palette.ts'
import { statusText } from './status-text.ts'

export type StatusOptions = {
  readonly format: 'text' | 'json' | 'yaml'
  /** Seconds between two snapshots; absent: one only. */
  readonly watch?: number
  readonly runDirectory: string
}

/** Prints the daemon's state; the exit code. */
export async function showStatus(options: StatusOptions): Promise<number> {
  const { watch, runDirectory } = options
  if (watch !== undefined && !(watch >= 0.1 && watch <= 3600)) return complain('--watch takes seconds from 0.1 to 3600')
  // A reader that has seen enough (`| head`) is no failure.
  process.stdout.on('error', () => process.exit(0))
  const form = await formatter(options)
  const request = watch === undefined ? { request: 'status' } : { request: 'watch', interval: watch * 1_000 }
  const onAnswer = (answer: DaemonAnswer) => {
    const clear = watch !== undefined && process.stdout.isTTY === true ? '\u001b[H\u001b[2J' : ''
    process.stdout.write(clear + form(answer['snapshot'] as DaemonSnapshot))
    return watch === undefined ? ('enough' as const) : ('more' as const)
  }
  const result = await askDaemon(runDirectory, request, onAnswer, 10_000 + (watch ?? 0) * 1_000)
  return result.ok ? 0 : complain(result.error)
}

/** JSON is indented once and one line a snapshot with --watch; the YAML library is loaded only when asked for. */
async function formatter({ format, watch }: StatusOptions): Promise<(snapshot: DaemonSnapshot) => string> {
  if (format === 'json')
    return (snapshot) => `${JSON.stringify(snapshot, undefined, watch === undefined ? 2 : undefined)}\n`
  if (format === 'yaml') {
    const { stringify } = await import('yaml')
    return (snapshot) => (watch === undefined ? '' : '---\n') + stringify(snapshot)
  }
  const palette = paletteFor(process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined)
  return (snapshot) => statusText(snapshot, Date.now(), palette)
}
