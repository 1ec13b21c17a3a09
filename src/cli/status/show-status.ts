import process from 'node:process'
import type { DaemonSnapshot } from '../../observe/index.ts'
import { askDaemon, complain, type DaemonAnswer } from '../daemon-request.ts'
import { paletteFor } from './palette.ts'
import { openScreen, terminalWidth } from './screen.ts'
import { statusText } from './status-text.ts'

export type StatusOptions = {
  readonly format: 'text' | 'json' | 'yaml'
  /** Seconds between two snapshots; absent: one only. */
  readonly watch?: number
  /** Of text only what is not as the configuration has it. */
  readonly problems?: true
  readonly runDirectory: string
}

/** Prints the daemon's state; the exit code. */
export async function showStatus(options: StatusOptions): Promise<number> {
  const { watch } = options
  if (watch !== undefined && !(watch >= 0.1 && watch <= 3600)) return complain('--watch takes seconds from 0.1 to 3600')
  // A reader that has seen enough (`| head`) is no failure.
  process.stdout.on('error', () => process.exit(0))
  const form = await formatter(options)
  return watch === undefined ? showOnce(options, form) : watchStatus(options, form, watch)
}

type Form = (snapshot: DaemonSnapshot, width: number | undefined) => string

async function showOnce({ runDirectory }: StatusOptions, form: Form): Promise<number> {
  const result = await askDaemon(runDirectory, { request: 'status' }, (answer) => {
    process.stdout.write(form(snapshotIn(answer), terminalWidth()))
    return 'enough'
  })
  return result.ok ? 0 : complain(result.error)
}

/** Until Ctrl-C, which is how it is meant to end, or the daemon goes. */
async function watchStatus({ runDirectory }: StatusOptions, form: Form, watch: number): Promise<number> {
  const screen = openScreen()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      screen.close()
      process.exit(0)
    })
  }
  const request = { request: 'watch', interval: watch * 1_000 }
  const onAnswer = (answer: DaemonAnswer) => {
    screen.show(form(snapshotIn(answer), screen.width()))
    return 'more' as const
  }
  const result = await askDaemon(runDirectory, request, onAnswer, 10_000 + watch * 1_000)
  screen.close()
  return result.ok ? 0 : complain(result.error)
}

const snapshotIn = (answer: DaemonAnswer): DaemonSnapshot => answer['snapshot'] as DaemonSnapshot

/** JSON is indented once and one line a snapshot with --watch; the YAML library is loaded only when asked for. */
async function formatter({ format, watch, problems }: StatusOptions): Promise<Form> {
  if (format === 'json')
    return (snapshot) => `${JSON.stringify(snapshot, undefined, watch === undefined ? 2 : undefined)}\n`
  if (format === 'yaml') {
    const { stringify } = await import('yaml')
    return (snapshot) => (watch === undefined ? '' : '---\n') + stringify(snapshot)
  }
  const palette = paletteFor(process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined)
  return (snapshot, width) => statusText(snapshot, Date.now(), palette, width, problems ? 'problems' : 'all')
}
