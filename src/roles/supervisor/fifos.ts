import { type Log, type Micros, type Result, seconds } from '../../base/index.ts'
import { type Command, fifoNames, type NotifyFifo, type NotifyFifos } from '../../model/index.ts'
import type { DeliverySnapshot } from '../../observe/index.ts'
import type { Notification } from '../../proto/notify/index.ts'
import { type FifoReader, readerCommand, runFifoReader } from './fifo-reader.ts'
import { createFifoWriter, type FifoWriter } from './fifo-writer.ts'
import type { SupervisorPorts } from './ports.ts'

type Line = Extract<Notification, { readonly type: 'fifo-line' }>

/** The FIFOs of the configuration with their readers. */
export type Fifos = {
  write(line: Line): void
  /** Those that stay the same are not touched. */
  adopt(fifos: NotifyFifos): void
  /** By path; with those that are configured no more, if lines for them were lost. */
  deliveries(): readonly DeliverySnapshot[]
  /** Resolves when everything is written and read and all readers have ended, or after `limit`; then all are closed. */
  finish(limit: Micros): Promise<void>
}

/** A reader whose pipe a reload closes ends by itself within this, or is told to. */
const GRACE = seconds(1)

type Open = { readonly fifo: NotifyFifo; readonly writer: FifoWriter; readonly reader: FifoReader | undefined }

export function createFifos(
  ports: Pick<SupervisorPorts, 'openFifo' | 'run' | 'schedule' | 'clock'>,
  log: Log,
  identify: (command: Command) => Result<Command, string>,
): Fifos {
  let configured: NotifyFifos = {}
  const open = new Map<string, Open>()
  /** By path, of those that are closed. */
  const lostBefore = new Map<string, number>()

  function start(fifo: NotifyFifo): void {
    const { path } = fifo
    // Whom a script would run as, by the same rules.
    const owner = fifo.user === undefined ? identify({ argv: [path] }) : undefined
    const { user, group } = owner?.ok === true ? owner.value : fifo
    const opened = ports.openFifo(path, {
      ...(user === undefined ? {} : { user }),
      ...(group === undefined ? {} : { group }),
    })
    if (!opened.ok) return log.error('FIFO cannot be opened', { fifo: path, reason: opened.error.message })
    open.set(path, { fifo, writer: createFifoWriter(path, opened.value, log), reader: startReader(fifo) })
  }

  function startReader({ path, reader }: NotifyFifo): FifoReader | undefined {
    const command = reader && readerCommand(reader, path, identify)
    if (command === undefined) return undefined
    if (command.ok) return runFifoReader(ports, command.value, log)
    log.error('FIFO script is not run', { fifo: path, reason: command.error })
    return undefined
  }

  /** What is in the pipe may still be read. */
  function close({ fifo, writer, reader }: Open): void {
    open.delete(fifo.path)
    writer.close()
    if (writer.lost() > 0) lostBefore.set(fifo.path, (lostBefore.get(fifo.path) ?? 0) + writer.lost())
    if (reader === undefined) return
    const cancel = ports.schedule(GRACE, () => reader.stop())
    void reader.end().then(cancel)
  }

  return {
    write({ topic, about, line }) {
      const paths = new Set([configured.all?.path, configured[topic]?.path])
      for (const path of paths) if (path !== undefined) open.get(path)?.writer.write(about, line)
    },
    adopt(fifos) {
      const wanted = new Map<string, NotifyFifo>()
      // Two may be one: of virtual routers' and servers', the first with a reader says who reads.
      for (const name of fifoNames) {
        const fifo = fifos[name]
        if (fifo === undefined) continue
        const before = wanted.get(fifo.path)
        if (before?.reader === undefined) wanted.set(fifo.path, { ...fifo, ...before, ...readerOf(fifo) })
      }
      for (const one of open.values())
        if (JSON.stringify(wanted.get(one.fifo.path)) !== JSON.stringify(one.fifo)) close(one)
      configured = fifos
      for (const fifo of wanted.values()) if (!open.has(fifo.path)) start(fifo)
    },
    deliveries: () =>
      [...new Set([...open.keys(), ...lostBefore.keys()])].map((path) => {
        const writer = open.get(path)?.writer
        return {
          to: path,
          waiting: writer?.waiting() ?? 0,
          lost: (writer?.lost() ?? 0) + (lostBefore.get(path) ?? 0),
        }
      }),
    async finish(limit) {
      const all = [...open.values()]
      if (all.length === 0) return
      let isLate = false
      let cancel = () => {}
      const late = new Promise<void>((resolve) => {
        cancel = ports.schedule(limit, () => {
          isLate = true
          resolve()
        })
      })
      // Only what reads can come to its end.
      const written = all.map(({ writer }) => new Promise<void>((resolve) => writer.whenWritten(resolve)))
      await Promise.race([Promise.all(written), late])
      const ended = all.map(({ writer, reader }) => {
        const end = reader?.end()
        writer.close()
        return end
      })
      await Promise.race([Promise.all(ended), late])
      cancel()
      if (isLate) for (const { reader } of all) reader?.stop()
      open.clear()
    },
  }
}

const readerOf = ({ reader }: NotifyFifo): Pick<NotifyFifo, 'reader'> => (reader === undefined ? {} : { reader })
