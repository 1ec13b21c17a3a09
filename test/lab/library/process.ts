import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { nowMillis, PATIENCE, until } from './wait.ts'

export type Output = { readonly status: number; readonly stdout: string; readonly stderr: string }

/** Runs a command to its end at once; throws with its complaint when it fails. For building the lab. */
export function must(argv: readonly string[]): string {
  const [file = '', ...rest] = argv
  return execFileSync(file, rest, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 })
}

/** As `must`, for taking down: what is gone already is no failure. */
export function attempt(argv: readonly string[]): string {
  try {
    return must(argv)
  } catch {
    return ''
  }
}

/** Of a command that has no exit status: it did not end in time, printed too much, or could not be started. */
const NO_STATUS = 124

/**
 * Runs a command to its end; its exit status is a value. Where it has none the status is 124, and the last lines of `stderr` say why,
 * of which command, and what it had printed.
 * @param within  milliseconds until it is ended
 */
export function run(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
  within = 60_000,
): Promise<Output> {
  const [file = '', ...rest] = argv
  return new Promise((resolve) => {
    const options = { encoding: 'utf8', timeout: within, maxBuffer: 64 << 20, env: environment } as const
    execFile(file, rest, options, (error, stdout, stderr) => {
      if (error === null) resolve({ status: 0, stdout, stderr })
      else if (typeof error.code === 'number') resolve({ status: error.code, stdout, stderr })
      else {
        const late = error.killed === true && error.code == null
        const why = late ? `did not end within ${within} ms` : error.message
        const printed = stdout === '' ? 'it had printed nothing' : `it had printed:\n${stdout.slice(-2_000)}`
        resolve({ status: NO_STATUS, stdout, stderr: `${stderr}${argv.join(' ')}: ${why}; ${printed}\n` })
      }
    })
  })
}

/** A line that a process wrote, on either stream. */
export type Line = { readonly at: number; readonly text: string }

/** A long-running process of the lab. Its lines are kept; it dies with the lab. */
export class LabProcess {
  readonly name: string
  readonly lines: Line[] = []
  /** Exit status, or the signal's name; undefined while it runs. */
  ended: number | string | undefined
  readonly #child: ChildProcess
  readonly #listeners = new Set<(line: Line) => void>()

  constructor(name: string, argv: readonly string[], environment: NodeJS.ProcessEnv) {
    const [file = '', ...rest] = argv
    this.name = name
    // A session of its own: a Ctrl-C at the demo ends the demo, which then takes its hosts down in order.
    this.#child = spawn(file, rest, { stdio: ['pipe', 'pipe', 'pipe'], env: environment, detached: true })
    this.#child.on('error', (error) => {
      this.ended = error.message
    })
    this.#child.on('exit', (status, signal) => {
      this.ended = signal ?? status ?? 0
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) this.#readLines(stream)
    // A write to a process that just ended is the process's matter, seen in `ended`.
    this.#child.stdin?.on('error', () => undefined)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get output(): string {
    return this.lines.map(({ text }) => text).join('\n')
  }

  write(text: string): void {
    this.#child.stdin?.write(text)
  }

  onLine(listener: (line: Line) => void): void {
    this.#listeners.add(listener)
  }

  /** The first line that matches, already written or to come. */
  line(pattern: RegExp, within = PATIENCE): Promise<Line> {
    return until(
      `${this.name} writes ${pattern}`,
      () => {
        const found = this.lines.find(({ text }) => pattern.test(text))
        if (found === undefined && this.ended !== undefined)
          throw new Error(`${this.name} ended (${this.ended}) before it wrote ${pattern}:\n${this.output}`)
        return found
      },
      { within, detail: () => this.output },
    )
  }

  signal(signal: NodeJS.Signals): void {
    if (this.ended === undefined && this.pid > 0) signalTo(this.pid, signal)
  }

  /** Ends it in order and waits for that; kills it when it has not gone after `within` milliseconds. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', within = PATIENCE): Promise<number | string> {
    this.signal(signal)
    try {
      return await this.end(within)
    } finally {
      this.signal('SIGKILL')
    }
  }

  end(within = PATIENCE): Promise<number | string> {
    return until(`${this.name} ends`, () => this.ended ?? false, { within, detail: () => this.output }).then(
      () => this.ended ?? 0,
    )
  }

  #readLines(stream: NodeJS.ReadableStream | null): void {
    let rest = ''
    stream?.setEncoding('utf8')
    stream?.on('data', (chunk: string) => {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() ?? ''
      for (const text of lines) this.#keep(text)
    })
    stream?.on('end', () => {
      if (rest !== '') this.#keep(rest)
    })
  }

  #keep(text: string): void {
    const line = { at: nowMillis(), text }
    this.lines.push(line)
    for (const listener of this.#listeners) listener(line)
  }
}

/** Sends a signal; a process that is gone already is no failure. */
export function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** The command line of a process with spaces between its words; empty when it is gone or a zombie. */
export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return ''
  }
}

/** Every process in a network namespace, zombies left out. */
export function processesIn(namespace: string): number[] {
  return attempt(['ip', 'netns', 'pids', namespace])
    .split('\n')
    .filter((text) => text !== '')
    .map(Number)
}

export const runningProcesses = (): Set<number> =>
  new Set(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number),
  )
