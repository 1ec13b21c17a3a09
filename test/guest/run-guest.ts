import { spawn } from 'node:child_process'
import { createWriteStream, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import type { GuestLine, GuestResult } from './guest-line.ts'

const ROOT = resolve(import.meta.dirname, '../..')

export type GuestRun = {
  readonly results: readonly GuestResult[]
  /** Why the run as a whole is not to be trusted; undefined: it ended as it should. */
  readonly broken?: string
}

/**
 * Boots the guest once, runs its tests there and reads what they came to. What the guest says goes to
 * build/guest/console.log.
 * @param filters  parts of file names, as vitest takes them; none: all files
 */
export async function runGuest(filters: readonly string[], seconds: number): Promise<GuestRun> {
  const share = resolve(ROOT, 'build/guest')
  mkdirSync(share, { recursive: true })
  const report = resolve(share, 'report.jsonl')
  rmSync(report, { force: true })
  const vitest = ['node_modules/.bin/vitest', 'run', '--project', 'kernel', '--reporter=verbose', '--no-color']
  const command = [
    ...['env', `HOLDFAST_GUEST_REPORT=${report}`],
    ...Object.entries(process.env).flatMap(([name, value]) =>
      name.startsWith('HOLDFAST_ORACLE_') ? [`${name}=${value}`] : [],
    ),
    ...vitest,
    '--reporter=./test/guest/guest-reporter.ts',
    ...filters,
  ]
  const { status, said } = await bootWith(command, share, seconds)
  const lines = readReport(report)
  const results = lines.filter((line) => line.type === 'result')
  const broken = whyBroken(lines, status, said)
  return broken === undefined ? { results } : { results, broken }
}

type Ended = { readonly status: number | null; readonly said: string }

function bootWith(command: readonly string[], share: string, seconds: number): Promise<Ended> {
  const log = createWriteStream(resolve(share, 'console.log'))
  const guest = spawn(resolve(ROOT, 'scripts/kernel-vm'), command, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, KVM_SHARE: share, KVM_TIMEOUT: String(seconds) },
  })
  const stop = (): void => void guest.kill()
  process.once('exit', stop)
  return new Promise((done, refuse) => {
    let said = ''
    const hear = (chunk: Buffer): void => {
      log.write(chunk)
      said = (said + chunk.toString()).slice(-4_000)
    }
    guest.stdout.on('data', hear)
    guest.stderr.on('data', hear)
    guest.on('error', refuse)
    guest.on('close', (status) => {
      process.removeListener('exit', stop)
      log.end(() => done({ status, said }))
    })
  })
}

/** Every whole line; the last may be cut where the guest was. */
function readReport(path: string): readonly GuestLine[] {
  let text = ''
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as GuestLine)
}

function whyBroken(lines: readonly GuestLine[], status: number | null, said: string): string | undefined {
  const failures = lines.filter((line) => line.type === 'result' && line.state === 'failed').length
  const ended = lines.some((line) => line.type === 'end')
  if (ended && (status === 0 || failures > 0)) return undefined
  const started = lines.filter((line) => line.type === 'test-started' || line.type === 'file-started').at(-1)
  const running = started === undefined ? 'before the first test' : `in ${nameOf(started)}`
  return `the guest ended with status ${status}${ended ? '' : `, ${running}`}; the last it said:\n${said}`
}

const nameOf = (line: GuestLine): string =>
  [('file' in line && line.file) || '', 'name' in line ? line.name : ''].join(' ')
