import { fail, familyOf, type IpAddress, type Log, ok, type Result } from '../../base/index.ts'
import { openRouteClient } from '../../sys/netlink/index.ts'
import { openSyncReceiver, openSyncSender } from '../../sys/socket/index.ts'
import { systemClock } from '../../sys/time/index.ts'
import { SEAL } from '../../wire/ipvs-sync/index.ts'
import {
  type ControlOp,
  type ForwardingBackend,
  type ForwardingOp,
  type OpResult,
  type SyncDaemon,
  usualSync,
} from '../index.ts'
import { noSyncCounters, type SyncCounters } from './counters.ts'
import type { ConnectionExchange } from './exchange.ts'
import { type Meeting, openMeeting } from './meeting.ts'
import { type InterfaceAddress, neighbours } from './neighbours.ts'
import { createReceiver } from './receiver.ts'
import { createSender, spread } from './sender.ts'
import { createSigner, createVerifier } from './signature.ts'

/** What an Ethernet frame takes, less the headers of UDP and IP. */
const FRAME = 1500
const HEADERS = { 4: 28, 6: 48 } as const
/** Signed messages keep their order: of two ports a later one may be read first, and the other would be an old one. */
const SIGNED_PORTS = 1
/** Any entry fits. */
const LEAST_LENGTH = 512

type Running = { readonly daemon: SyncDaemon; close(): void }

type SyncOp = Extract<ControlOp, { readonly type: 'start-sync-daemon' | 'stop-sync-daemon' }>
const isSyncOp = (op: ForwardingOp): op is SyncOp => op.type === 'start-sync-daemon' || op.type === 'stop-sync-daemon'

/** The backend with sync daemons of our own, of which one of each role may run. */
export function withSyncDaemons(
  backend: ForwardingBackend & { readonly exchange: ConnectionExchange },
  log: Log,
): ForwardingBackend {
  const { exchange, ...rest } = backend
  const running = new Map<SyncDaemon['role'], Running>()
  const counters = noSyncCounters()
  /** While one runs that may catch up. */
  let meeting: Meeting | undefined

  function stop(role: SyncDaemon['role']): void {
    running.get(role)?.close()
    running.delete(role)
    if (role === 'master') meeting?.cease()
    else meeting?.abandon()
    if (running.size > 0) return
    meeting?.close()
    meeting = undefined
  }

  /** What a daemon that has started is for others that join, or when it joins itself. */
  async function meet(daemon: SyncDaemon): Promise<Result<void, { readonly message: string }>> {
    const { catchUp, interface: name, syncId, keys, role, ttl } = daemon
    if (catchUp === undefined) return ok(undefined)
    if (meeting === undefined) {
      const opened = openMeeting({
        exchange,
        interface: name,
        syncId,
        ...(keys === undefined ? {} : { keys }),
        catchUp,
        destination: placeOf(daemon).destination,
        hopLimit: ttl || usualSync.ttl,
        isNeighbour: neighboursOn(name),
        counters,
      })
      if (!opened.ok) return opened
      meeting = opened.value
    }
    return role === 'master' ? meeting.serve() : ok(undefined)
  }

  async function perform(op: SyncOp): Promise<OpResult> {
    if (op.type === 'stop-sync-daemon') {
      stop(op.role)
      return ok(undefined)
    }
    const { daemon } = op
    const settings = await backend.settings()
    stop(daemon.role)
    const started = (daemon.role === 'master' ? startMaster : startBackup)(exchange, daemon, counters, {
      version: settings.sync_version === 0 ? 0 : 1,
      ports: settings.sync_ports ?? 1,
      ...(settings.sync_sock_size ? { buffer: settings.sync_sock_size } : {}),
    })
    if (!started.ok) return fail({ reason: 'system', message: `${daemon.role} sync daemon: ${started.error.message}` })
    running.set(daemon.role, { daemon, close: started.value })
    const met = await meet(daemon)
    // News go their way all the same.
    if (!met.ok)
      log.error('all connections at once are not to be had', { role: daemon.role, reason: met.error.message })
    return ok(undefined)
  }

  return {
    ...rest,
    syncDaemons: async () =>
      (['master', 'backup'] as const).flatMap((role) => {
        const one = running.get(role)
        return one === undefined ? [] : [withoutKeys(one.daemon)]
      }),
    syncCounters: async () => (running.size === 0 ? undefined : { ...counters }),
    catchUp: async (onProgress) =>
      running.has('backup') && meeting !== undefined ? meeting.catchUp(onProgress) : { type: 'not-possible' },
    async apply(ops) {
      if (!ops.some(isSyncOp)) return backend.apply(ops)
      const results: OpResult[] = []
      for (const op of ops) results.push(...(isSyncOp(op) ? [await perform(op)] : await backend.apply([op])))
      return results
    },
    async close(leave) {
      stop('master')
      stop('backup')
      await backend.close(leave)
    },
  }
}

/** Whoever lists them is not to see keys. */
const withoutKeys = ({ keys: _, ...rest }: SyncDaemon): SyncDaemon => rest

const neighboursOn = (name: string): ((source: IpAddress) => boolean) =>
  neighbours(
    () => addressesOf(name),
    () => systemClock.now() / 1_000,
  )

type Settings = { readonly version: 0 | 1; readonly ports: number; readonly buffer?: number }
type Started = Result<() => void, { readonly message: string }>

function startMaster(
  exchange: ConnectionExchange,
  daemon: SyncDaemon,
  counters: SyncCounters,
  settings: Settings,
): Started {
  const { destination, port } = placeOf(daemon)
  const maxLength = Math.max(LEAST_LENGTH, daemon.maxLength || FRAME - HEADERS[familyOf(destination)])
  const { syncId, keys: [signing] = [] } = daemon
  const seal = signing === undefined ? undefined : createSigner(signing, systemClock.wall)
  const sockets = openAll(seal === undefined ? settings.ports : SIGNED_PORTS, (i) =>
    openSyncSender({
      interface: daemon.interface,
      destination,
      port: port + i,
      hopLimit: daemon.ttl || usualSync.ttl,
      ...(settings.buffer === undefined ? {} : { buffer: settings.buffer }),
    }),
  )
  if (!sockets.ok) return sockets
  const { opened, close } = sockets.value
  const senders = opened.map(({ send }) =>
    createSender({
      syncId,
      version: settings.version,
      maxLength: seal === undefined ? maxLength : maxLength - SEAL,
      send: (message) => send(seal === undefined ? message : seal(message)).ok,
      counters,
    }),
  )
  const listening = exchange.listen(spread(senders))
  if (!listening.ok) {
    close()
    return listening
  }
  return ok(() => {
    exchange.deafen()
    close()
  })
}

function startBackup(
  exchange: ConnectionExchange,
  daemon: SyncDaemon,
  counters: SyncCounters,
  settings: Settings,
): Started {
  const { destination, port } = placeOf(daemon)
  const isNeighbour = neighboursOn(daemon.interface)
  const { keys } = daemon
  const onDatagram = createReceiver({
    syncId: daemon.syncId,
    exchange,
    isNeighbour,
    ...(keys === undefined ? {} : { verify: createVerifier(keys, systemClock.wall) }),
    counters,
  })
  const sockets = openAll(settings.ports, (i) =>
    openSyncReceiver({
      interface: daemon.interface,
      destination,
      port: port + i,
      onDatagram,
      onOverflow(datagrams) {
        counters['messages-overflowed'] += datagrams
      },
      ...(settings.buffer === undefined ? {} : { buffer: settings.buffer }),
    }),
  )
  return sockets.ok ? ok(sockets.value.close) : sockets
}

type Opened<T> = { readonly opened: readonly T[]; close(): void }

/** A socket for each of the ports, or none. */
function openAll<T extends { close(): void }>(
  ports: number,
  open: (i: number) => Result<T, { readonly message: string }>,
): Result<Opened<T>, { readonly message: string }> {
  const opened: T[] = []
  const close = () => {
    for (const one of opened) one.close()
  }
  for (let i = 0; i < ports; i++) {
    const socket = open(i)
    if (!socket.ok) {
      close()
      return socket
    }
    opened.push(socket.value)
  }
  return ok({ opened, close })
}

const placeOf = ({
  group = usualSync.group,
  port,
}: SyncDaemon): { readonly destination: IpAddress; readonly port: number } => ({
  destination: group,
  port: port || usualSync.port,
})

/** None where they cannot be read. */
function addressesOf(name: string): readonly InterfaceAddress[] {
  const opened = openRouteClient()
  if (!opened.ok) return []
  const client = opened.value
  const links = client.links()
  const index = links.ok ? links.value.find((link) => link.name === name)?.index : undefined
  const addresses = client.addresses()
  client.close()
  return addresses.ok ? addresses.value.filter((one) => one.interfaceIndex === index) : []
}
