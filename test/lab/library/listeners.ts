import { closeSync, constants, existsSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import type { Host } from './host.ts'
import { repositoryRoot } from './root.ts'
import { PATIENCE } from './wait.ts'

/** Reads a FIFO that somebody makes, removes and makes again, to the last byte. */
export class FifoListener {
  text = ''
  readonly #path: string
  readonly #timer: NodeJS.Timeout
  #fd: number | undefined

  /** @param every milliseconds between two looks */
  constructor(path: string, every = 5) {
    this.#path = path
    this.#timer = setInterval(() => this.read(), every)
  }

  read(): void {
    const bytes = Buffer.alloc(1 << 16)
    for (;;) {
      if (this.#fd === undefined) {
        if (!existsSync(this.#path)) return
        this.#fd = openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK)
      }
      let size = 0
      try {
        size = readSync(this.#fd, bytes)
      } catch (error) {
        // Open at its other end, and empty.
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return
        throw error
      }
      this.text += bytes.toString('latin1', 0, size)
      if (size > 0) continue
      // Nobody has it open any more; another one may take its place.
      closeSync(this.#fd)
      this.#fd = undefined
      return
    }
  }

  close(): void {
    clearInterval(this.#timer)
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }
}

export type TakenLetter = {
  readonly subject: string
  readonly body: string
  readonly from: string
  readonly to: readonly string[]
  readonly head: readonly string[]
}

/** Lines of global_defs by which mail comes to the relay. */
export const toRelay = `notification_email {
    admin@example.com
  }
  notification_email_from director@example.com
  smtp_server 127.0.0.1 2525`

/** An SMTP server on the host's 127.0.0.1 port 2525, and what it has taken so far. */
export async function openRelay(host: Host, within = PATIENCE): Promise<() => readonly TakenLetter[]> {
  const relay = host.spawn('relay', [process.execPath, join(repositoryRoot, 'test/lab/library/relay.mjs')])
  await relay.line(/"ready"/, within)
  return () => relay.lines.filter(({ text }) => text.includes('"subject"')).map(({ text }) => JSON.parse(text))
}
