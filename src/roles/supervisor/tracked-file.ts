import { millis } from '../../base/index.ts'
import type { Observation, TrackFile } from '../../model/index.ts'
import type { SupervisorPorts } from './ports.ts'

/** A writer that empties a file before it writes is given this long before the emptiness counts. */
const EMPTY = millis(100)
/** Changes that come close together are read once. */
const GATHER = millis(10)

/** A file that is watched; what it holds is told at once and whenever that changes. */
export type TrackedFile = { readonly file: TrackFile; observation(): Observation; close(): void }

/**
 * @param atStart the daemon starts: init_file is written (keepalived: not on a reload)
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
    const text = ports.readText(file.path)
    if (!text.ok) return 0
    if (text.value.trim() === '') return undefined
    const number = /^\s*([+-]?\d{1,10})\s*$/.exec(text.value)?.[1]
    if (number === undefined && complained !== text.value)
      ports.log.warn('tracked file holds no whole number; it counts as 0', { file: file.path })
    complained = number === undefined ? text.value : undefined
    return Number(number ?? 0)
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

  if (atStart && file.init !== undefined && (file.init.overwrite || !ports.readText(file.path).ok)) {
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
