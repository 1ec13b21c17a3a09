import { type Advertisement, advertisementBytes } from './advertisement.ts'
import { type Frame, readFrame } from './frame.ts'
import type { LabProcess } from './process.ts'
import { PATIENCE, until } from './wait.ts'

/** What a witness on an interface has seen, in order. */
export class Capture {
  readonly frames: Frame[] = []
  readonly #process: LabProcess

  constructor(process: LabProcess) {
    this.#process = process
    process.onLine(({ text }) => {
      if (!text.startsWith('{"at"')) return
      const { at, hex } = JSON.parse(text) as { at: number; hex: string }
      this.frames.push(readFrame(at, Buffer.from(hex, 'hex')))
    })
  }

  async ready(): Promise<this> {
    await this.#process.line(/"ready"/)
    return this
  }

  /** The first frame at or after `since` (milliseconds of wall time) that fits, seen already or to come. */
  next(fits: (frame: Frame) => boolean, since = 0, within = PATIENCE): Promise<Frame> {
    return until('a frame that fits', () => this.frames.find((frame) => frame.at >= since && fits(frame)), { within })
  }

  /** The latest frame so far that fits. */
  last(fits: (frame: Frame) => boolean): Frame | undefined {
    return this.frames.findLast(fits)
  }

  close(): Promise<number | string> {
    return this.#process.stop('SIGKILL')
  }
}

/** A host's hand for packets that no daemon would send. */
export class Sender {
  readonly #process: LabProcess

  constructor(process: LabProcess) {
    this.#process = process
  }

  async ready(): Promise<this> {
    await this.#process.line(/"ready"/)
    return this
  }

  advertise(advertisement: Advertisement, { destination = '224.0.0.18', ttl = 255 } = {}): void {
    this.send(advertisementBytes(advertisement), { destination, ttl })
  }

  send(payload: Uint8Array, { destination = '224.0.0.18', ttl = 255 } = {}): void {
    this.#process.write(`${JSON.stringify({ destination, ttl, hex: Buffer.from(payload).toString('hex') })}\n`)
  }

  /** How many were handed to the kernel so far. */
  get sent(): number {
    return this.#process.lines.filter(({ text }) => text === '{"sent":true}').length
  }

  close(): Promise<number | string> {
    return this.#process.stop('SIGKILL')
  }
}
