import { millis } from '../../base/index.ts'
import type { Observation, TrackFile } from '../../model/index.ts'
import type { SupervisorPorts } from './ports.ts'

/** A writer that empties a file before it writes is given this long before the emptiness counts. */
const EMPTY = millis(100)
/** Changes that come close together are read once. */
const GATHER = millis(10)

/** Bytes of a file that holds a number. */
const MOST = 4096

/** A file that is watched; what it holds is told at once and whenever that changes. */
export type TrackedFile = { readonly file: TrackFile; observation(): Observation; close(): void }

/** What a file holds: undefined: nothing, a missing file is 0; `wrong`: what is the matter with it. */
type Content = { readonly number: number | undefined; readonly wrong?: string }

function readNumber(ports: Pick<SupervisorPorts, 'readText'>, path: string): Content {
  const text = ports.readText(path, MOST)
  if (!text.ok) return text.error.code === 'ENOENT' ? { number: 0 } : { number: 0, wrong: text.error.message }
  if (text.value.trim() === '') return { number: undefined }
  return leadingNumber(text.value)
}

/**
 * As keepalived reads it, by strtol(3): decimal, 0x and hexadecimal, 0 and octal, and what follows is left alone; beyond 32 bits
 * and without a number it is 0.
 */
function leadingNumber(text: string): Content {
  const [all = '', sign, digits] = /^\s*([+-]?)(0x[\da-f]+|0[0-7]*|[1-9]\d*)/i.exec(text) ?? []
  if (digits === undefined) return { number: 0, wrong: 'no number' }
  const number = (sign === '-' ? -1 : 1) * Number(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits)
  if ((number | 0) !== number) return { number: 0, wrong: 'a number of more than 32 bits' }
  // There is no negative nought.
  const plain = number === 0 ? 0 : number
  return text.slice(all.length).trim() === '' ? { number: plain } : { number: plain, wrong: 'more than a number' }
}

/** init_file is written at the daemon's start (keepalived: not on a reload). */
const isInitialised = (
  ports: Pick<SupervisorPorts, 'readText'>,
  { path, init }: TrackFile,
  atStart: boolean,
): boolean => atStart && init !== undefined && (init.overwrite || !ports.readText(path).ok)

/** What a file will hold once it is watched. */
export const numberToCome = (ports: Pick<SupervisorPorts, 'readText'>, file: TrackFile, atStart: boolean): number =>
  file.init !== undefined && isInitialised(ports, file, atStart)
    ? file.init.value
    : (readNumber(ports, file.path).number ?? 0)

/**
 * @param atStart the daemon starts: init_file is written
 */
export function trackFile(
  ports: Pick<SupervisorPorts, 'readText' | 'replaceText' | 'watchFile' | 'schedule' | 'log'>,
  file: TrackFile,
  atStart: boolean,
  onChange: () => void,
): TrackedFile {
  let value = 0
  let cancel: (() => void) | undefined
  let complained: string | undefined

  const read = (): number | undefined => {
    const { number, wrong } = readNumber(ports, file.path)
    if (wrong !== undefined && complained !== wrong)
      ports.log.warn('tracked file is not as it should be', { file: file.path, countsAs: number, reason: wrong })
    complained = wrong
    return number
  }
  const take = (number: number) => {
    if (number === value) return
    ports.log.info('tracked file holds another number', { file: file.path, from: value, to: number })
    value = number
    onChange()
  }
  const look = () => {
    const number = read()
    if (number !== undefined) return take(number)
    cancel = ports.schedule(EMPTY, () => take(read() ?? 0))
  }

  if (file.init !== undefined && isInitialised(ports, file, atStart)) {
    const written = ports.replaceText(file.path, `${file.init.value}\n`)
    if (!written.ok) ports.log.error('tracked file cannot be written', { reason: written.error.message })
  }
  value = read() ?? 0
  const unwatch = ports.watchFile(file.path, () => {
    cancel?.()
    cancel = ports.schedule(GATHER, look)
  })
  return {
    file,
    observation: () => ({ type: 'value', value }),
    close() {
      cancel?.()
      unwatch()
    },
  }
}
