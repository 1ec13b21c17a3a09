import { join } from 'node:path'
import type { Host } from './host.ts'
import type { LabProcess } from './process.ts'
import { repositoryRoot } from './root.ts'
import { PATIENCE, until } from './wait.ts'

export type StreamReport = { readonly place: string; readonly received: number; readonly fault?: string }

const program = (...argv: readonly (string | number)[]): string[] => [
  process.execPath,
  join(repositoryRoot, 'test/lab/library/streams.mjs'),
  ...argv.map(String),
]

/** Sends back what comes to these ports of all addresses. */
export async function echoes(host: Host, ...ports: readonly number[]): Promise<LabProcess> {
  const server = host.spawn('echo', program('serve', ...ports))
  await server.line(/"ready"/)
  return server
}

/** Long-lived connections of a client, each checking its bytes. */
export class Streams {
  readonly #process: LabProcess
  #reports: (readonly StreamReport[])[] = []
  #end: { readonly ended: number; readonly faults: readonly unknown[] } | undefined

  private constructor(process: LabProcess) {
    this.#process = process
    process.onLine(({ text }) => {
      if (text.startsWith('{"report"')) this.#reports.push((JSON.parse(text) as { report: StreamReport[] }).report)
      if (text.startsWith('{"ended"')) this.#end = JSON.parse(text) as { ended: number; faults: unknown[] }
    })
  }

  /** @param count  to each of the places */
  static async open(host: Host, count: number, places: readonly string[]): Promise<Streams> {
    const process = host.spawn('streams', program('talk', count, ...places))
    const streams = new Streams(process)
    await process.line(/"ready"/)
    return streams
  }

  more(count: number): void {
    this.#process.write(`more ${count}\n`)
  }

  async report(): Promise<readonly StreamReport[]> {
    const before = this.#reports.length
    this.#process.write('report\n')
    await until('the streams report', () => this.#reports.length > before)
    return this.#reports.at(-1) as readonly StreamReport[]
  }

  /** Resolves when each has received that many bytes more than it had, or is broken. */
  async goOn(bytes: number, within = 30_000): Promise<readonly StreamReport[]> {
    const before = await this.report()
    let now = before
    const waiting = () =>
      now.filter(({ received, fault }, i) => fault === undefined && received < (before[i]?.received ?? 0) + bytes)
    const all = async () => {
      now = await this.report()
      return waiting().length === 0
    }
    const told = () => [...new Set(waiting().map(({ place }) => place))].join(' ')
    await until('every stream goes on', all, { within, detail: told })
    return now
  }

  /** How many there were, and what is wrong with which. */
  async end(within = PATIENCE): Promise<{ readonly ended: number; readonly faults: readonly unknown[] }> {
    this.#process.write('end\n')
    await until('the streams end', () => this.#end !== undefined, { within })
    if (this.#end === undefined) throw new Error('the streams have not ended')
    return this.#end
  }
}
