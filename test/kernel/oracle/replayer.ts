/** The wires: frames in, and for each what either director made of it. */

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Framed } from './render.ts'
import { directorAddress, type Port, type World } from './world.ts'

/** Where `make tools` puts it, seen from the compiled program. */
const PROGRAM = join(import.meta.dirname, '../../../replay')

/** What came back for one frame. */
export type Exchange = { readonly kernel: readonly Framed[]; readonly embedded: readonly Framed[] }

export type Replayer = {
  /** In this order, each on both directors before the next. */
  exchange(frames: readonly Framed[]): Promise<readonly Exchange[]>
  close(): void
}

export function openReplayer({ wire, farEnds }: World): Replayer {
  const argv = [`--net=/run/netns/${wire}`, PROGRAM, directorAddress(4, 0), ...farEnds]
  const child = spawn('nsenter', argv, { stdio: ['pipe', 'pipe', 'pipe'] })
  let said = ''
  let heard: Buffer[] = []
  let wake = (): void => undefined
  let ended: string | undefined
  child.stdout.on('data', (chunk: Buffer) => {
    heard.push(chunk)
    wake()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  child.on('error', (error) => {
    ended = error.message
    wake()
  })
  child.on('close', (status) => {
    ended = `the replayer ended with status ${status}: ${said.trim()}`
    wake()
  })
  // A write to one that just ended is told by `close`.
  child.stdin.on('error', () => undefined)

  async function exchange(frames: readonly Framed[]): Promise<readonly Exchange[]> {
    if (frames.length === 0) return []
    child.stdin.write(encode(frames))
    const reader = new Reader()
    for (;;) {
      if (ended !== undefined) throw new Error(ended)
      reader.add(heard)
      heard = []
      const answers = reader.read(frames.length)
      if (answers !== undefined) return answers
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return { exchange, close: () => child.stdin.end() }
}

function encode(frames: readonly Framed[]): Buffer {
  const bytes = Buffer.alloc(4 + frames.reduce((sum, one) => sum + 3 + one.bytes.length, 0))
  bytes.writeUInt32LE(frames.length)
  let at = 4
  for (const one of frames) {
    bytes[at] = one.port
    bytes.writeUInt16LE(one.bytes.length, at + 1)
    bytes.set(one.bytes, at + 3)
    at += 3 + one.bytes.length
  }
  return bytes
}

class Reader {
  #bytes = Buffer.alloc(0)
  #at = 0
  readonly #lists: Framed[][] = []
  #current: Framed[] | undefined
  #left = 0

  add(chunks: readonly Buffer[]): void {
    if (chunks.length === 0) return
    this.#bytes = Buffer.concat([this.#bytes.subarray(this.#at), ...chunks])
    this.#at = 0
  }

  /** All exchanges, or undefined as long as some are missing. */
  read(wanted: number): readonly Exchange[] | undefined {
    const bytes = this.#bytes
    for (;;) {
      if (this.#current === undefined) {
        if (this.#lists.length === wanted * 2) break
        if (bytes.length - this.#at < 2) return undefined
        this.#left = bytes.readUInt16LE(this.#at)
        this.#at += 2
        this.#current = []
      }
      while (this.#left > 0) {
        if (bytes.length - this.#at < 3) return undefined
        const length = bytes.readUInt16LE(this.#at + 1)
        if (bytes.length - this.#at < 3 + length) return undefined
        const frame = new Uint8Array(bytes.subarray(this.#at + 3, this.#at + 3 + length))
        this.#current.push({ port: bytes[this.#at] as Port, bytes: frame })
        this.#at += 3 + length
        this.#left--
      }
      this.#lists.push(this.#current)
      this.#current = undefined
    }
    return Array.from({ length: wanted }, (_, i) => ({
      kernel: this.#lists[2 * i] ?? [],
      embedded: this.#lists[2 * i + 1] ?? [],
    }))
  }
}
