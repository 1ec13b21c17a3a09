import { closeSync, openSync, writeSync } from 'node:fs'
import process from 'node:process'
import { macText } from '../../base/index.ts'
import { loadConfiguration } from '../../config/index.ts'
import type { Configuration } from '../../model/index.ts'
import { configurationFiles, fileExists, fullHostName, shortHostName } from '../../sys/files/index.ts'
import { type Link, openRouteClient } from '../../sys/netlink/index.ts'
import { onSignals } from '../../sys/process/index.ts'
import { openLinkSocket } from '../../sys/socket/index.ts'
import { pcapHeader, pcapRecord } from '../../wire/pcap/index.ts'
import { findConfiguration } from '../daemon/places.ts'
import { pointInTime } from '../journal/index.ts'
import { wordsFor } from './words.ts'

export type CaptureOptions = {
  readonly interface?: readonly string[]
  readonly config?: string
  /** Frames go there as well, for tcpdump and others. */
  readonly write?: string
  readonly count?: number
}

/** Bytes of a frame that are kept. */
const LONGEST = 2048

/** Until it is interrupted, or `count` have been told; the exit code. */
export async function runCapture(options: CaptureOptions): Promise<number> {
  process.stdout.on('error', () => process.exit(0))
  const path = findConfiguration(options.config, fileExists)
  const configuration = configurationAt(path, options.config !== undefined)
  if (typeof configuration === 'string') return refuse(configuration)
  const links = linksFor(options.interface, configuration)
  if (typeof links === 'string') return refuse(links)
  const file = options.write === undefined ? undefined : openFile(options.write)
  if (typeof file === 'string') return refuse(file)

  const own = new Set(links.all.map(({ mac }) => macText(mac)))
  let told = 0
  return new Promise((done) => {
    const sockets: { close(): void }[] = []
    const end = (code: number): void => {
      for (const socket of sockets) socket.close()
      if (file !== undefined) closeSync(file)
      done(code)
    }
    for (const link of links.chosen) {
      const opened = openLinkSocket({
        hears: 'what directors say',
        interfaceIndex: link.index,
        onFrame(frame) {
          if (told === options.count) return
          const isOwn = own.has(macText(frame.subarray(6, 12)))
          const words = wordsFor(frame, {
            ...(configuration === undefined ? {} : { configuration }),
            interface: link.name,
            own: isOwn,
          })
          if (words === undefined) return
          const now = Date.now()
          const dropped = words.dropped === undefined ? '' : ` [dropped: ${words.dropped}]`
          const way = isOwn ? 'out' : 'in '
          process.stdout.write(`${pointInTime(now)} ${link.name} ${way} ${words.kind} ${words.words}${dropped}\n`)
          if (file !== undefined) writeSync(file, pcapRecord(now, frame))
          told++
          if (told === options.count) end(0)
        },
      })
      if (!opened.ok) return end(refuse(opened.error.message))
      sockets.push(opened.value)
    }
    process.stderr.write(`listening on ${links.chosen.map(({ name }) => name).join(', ')}\n`)
    onSignals({ SIGINT: () => end(0), SIGTERM: () => end(0) })
  })
}

/** Absent: there is no file, and none was named. A sentence: one was named that is none. */
function configurationAt(path: string, named: boolean): Configuration | undefined | string {
  if (!named && !fileExists(path)) return undefined
  const options = { hostName: fullHostName(), configId: shortHostName(), environment: process.env }
  return (
    loadConfiguration(configurationFiles, path, options).configuration ??
    `${path}: no configuration; holdfast config check ${path}`
  )
}

function linksFor(
  names: readonly string[] | undefined,
  configuration: Configuration | undefined,
): { readonly all: readonly Link[]; readonly chosen: readonly Link[] } | string {
  const client = openRouteClient()
  if (!client.ok) return client.error.message
  const links = client.value.links()
  client.value.close()
  if (!links.ok) return links.error.message
  const all = links.value
  const missing = names?.find((name) => !all.some((link) => link.name === name))
  if (missing !== undefined) return `${missing}: no such interface`
  const used = new Set([
    ...(configuration?.virtualRouters.map((router) => router.interface) ?? []),
    ...(configuration?.global.connectionSync === undefined ? [] : [configuration.global.connectionSync.interface]),
  ])
  const able = all.filter(({ up, loopback, mac }) => up && !loopback && mac.length === 6)
  const chosen = able.filter(({ name }) =>
    names === undefined ? used.size === 0 || used.has(name) : names.includes(name),
  )
  return chosen.length === 0 ? 'no interface to listen on; name one that is up, with -i' : { all, chosen }
}

/** A descriptor, or a sentence. */
function openFile(path: string): number | string {
  try {
    const file = openSync(path, 'w', 0o600)
    writeSync(file, pcapHeader(LONGEST))
    return file
  } catch (error) {
    return (error as NodeJS.ErrnoException).message
  }
}

function refuse(sentence: string): 1 {
  process.stderr.write(`holdfast: ${sentence}\n`)
  return 1
}
