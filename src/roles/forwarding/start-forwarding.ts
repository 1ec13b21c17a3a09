import { assertNever, fail, type Log, ok, type Result } from '../../base/index.ts'
import { answerAsk, type ForwardingAsk, type ForwardingBackend } from '../../forwarding/index.ts'
import { serviceKey } from '../../model/index.ts'
import type { Channel, ForwardingSlice, FromForwarding, TextPiece, ToForwarding, WantedNews } from '../ipc/index.ts'
import { type CatchUpKeeper, createCatchUpKeeper } from './catch-up-keeper.ts'
import { withoutAddress } from './local-addresses.ts'
import type { ForwardingPorts } from './ports.ts'
import { settingOps, waitingForRestart, withoutEffect } from './settings.ts'
import { snapshotOf } from './snapshot.ts'
import { createSyncKeeper, type SyncKeeper } from './sync-keeper.ts'
import { createTableKeeper, type OwnServices, type TableKeeper } from './table-keeper.ts'

/** Entries of a list in one message. */
const piece = 1_000

type Opened = {
  readonly backend: ForwardingBackend
  readonly keeper: TableKeeper
  readonly sync: SyncKeeper
  readonly catchUps: CatchUpKeeper
  readonly slice: ForwardingSlice
}

/**
 * The forwarding role: opens the backend at its first offer, holds it to the services wanted, and leaves the kernel's
 * table serving when its supervisor dies. Messages are worked off one at a time, in order. Ends by closing its channel.
 */
export function startForwarding(
  channel: Channel<ToForwarding, FromForwarding>,
  ports: ForwardingPorts,
  log: Log,
): void {
  let opened: Opened | undefined
  let offered: { readonly revision: number; readonly slice: ForwardingSlice } | undefined
  /** The part that is in force; absent before the first commit. */
  let committed: ForwardingSlice | undefined
  let ended = false
  /** Of services whose local addresses are not here, as it was told. */
  const absent = new Map<string, string>()
  let work: Promise<void> = Promise.resolve()
  /** Orders given by hand that wait for something, which nobody else waits for. */
  const late = new Set<Promise<void>>()

  const inTurn = (task: () => Promise<void>) => {
    work = work.then(() => (ended ? undefined : task()))
  }

  channel.onMessage((message) => {
    // Not in turn: it asks whether we turn at all, and the work under way may be long.
    if (message.type === 'ping') channel.send({ type: 'pong' })
    else inTurn(() => receive(message))
  })
  channel.onClosed(() => inTurn(() => end('services-in-place')))
  channel.send({ type: 'started' })

  async function receive(message: Exclude<ToForwarding, { readonly type: 'ping' }>): Promise<void> {
    switch (message.type) {
      case 'offer': {
        const { revision, slice } = message
        const possible = await prepare(slice)
        if (!possible.ok) return channel.send({ type: 'refused', revision, reason: possible.error })
        offered = { revision, slice }
        return channel.send({ type: 'ready', revision })
      }
      case 'commit':
        if (offered?.revision !== message.revision || opened === undefined) return
        if (offered.slice.flush && committed === undefined) await empty(opened.backend)
        await set(opened, offered.slice)
        committed = offered.slice
        offered = undefined
        await opened.sync.configure(committed.sync)
        return channel.send({ type: 'applied', revision: message.revision })
      case 'withdraw':
        if (offered?.revision === message.revision) offered = undefined
        return
      case 'services-wanted':
        opened?.keeper.want(message.order, message)
        return warnOfLocalAddresses(message)
      case 'sync-role':
        return opened?.sync.follow(message.role)
      case 'catch-up':
        if (opened !== undefined) return opened.catchUps.ask(message.request, message.missed)
        return channel.send({ type: 'caught-up', request: message.request })
      case 'snapshot-requested': {
        if (opened === undefined) return
        const { backend, keeper, catchUps } = opened
        const wanted = keeper.wanted()
        const failures = [...keeper.failures(), ...withoutAddress(wanted, ports)]
        const about = message.addresses === undefined ? undefined : new Set(message.addresses)
        return tell(message.id, await snapshotOf(backend, failures, wanted, catchUps.snapshot(), about))
      }
      case 'asked':
        return answerInTime(message.id, message.ask)
      case 'stop':
        return end(message.leave ? 'services-in-place' : 'nothing')
      default:
        assertNever(message)
    }
  }

  /** Piece by piece, so that signs of life are answered meanwhile. */
  async function tell(id: number, snapshot: Iterable<TextPiece>): Promise<void> {
    for (const { text, more } of snapshot) {
      channel.send({ type: 'snapshot', id, snapshot: text, ...(more ? { more } : {}) })
      if (more) await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** Looks at what news are about alone: thousands may come a second, and each look asks the kernel. */
  function warnOfLocalAddresses({ complete, services }: WantedNews): void {
    if (opened === undefined) return
    const looked = complete ? opened.keeper.wanted() : services
    const found = withoutAddress(looked, ports)
    for (const { serviceKey: service, reason } of found)
      if (absent.get(service) !== reason) log.warn('answers of servers will not come back', { service, reason })
    if (complete) absent.clear()
    else for (const { service } of services) absent.delete(serviceKey(service.address))
    for (const { serviceKey: service, reason } of found) absent.set(service, reason)
  }

  async function prepare(slice: ForwardingSlice): Promise<Result<void, string>> {
    if (opened !== undefined) {
      const same = opened.slice.backend === slice.backend && opened.slice.pinDirectory === slice.pinDirectory
      return same ? ok(undefined) : fail('the backend cannot be changed while it runs; restart the daemon')
    }
    const result = await ports.openBackend(slice, log)
    if (!result.ok) return fail(result.error.message)
    const backend = result.value
    const can = await backend.probe()
    if (!can.ok) {
      await backend.close('services-in-place')
      return fail(can.error.message)
    }
    const keeper = createTableKeeper(backend, can.value, ownServices(slice), ports, log, (order, failures) =>
      channel.send({ type: 'services-applied', order, failures }),
    )
    const catchUps = createCatchUpKeeper(backend, log, (request) => channel.send({ type: 'caught-up', request }))
    opened = { backend, keeper, sync: createSyncKeeper(backend, ports, log, catchUps), catchUps, slice }
    const useless = withoutEffect(backend.kind, slice)
    if (useless.length > 0)
      log.warn('settings of the embedded core have no effect here', { settings: useless.join(', ') })
    return ok(undefined)
  }

  function ownServices(slice: ForwardingSlice): OwnServices {
    return {
      known: ports.ownServices(slice),
      remember(keys) {
        const written = ports.rememberOwnServices(slice, keys)
        if (!written.ok) log.error('own services cannot be written down', { reason: written.error.message })
      },
    }
  }

  /** What has to wait is carried out after it by the backend, and answered then. */
  async function answerInTime(id: number, ask: ForwardingAsk): Promise<void> {
    const waits = ask.type === 'apply' && opened?.backend.readies?.(ask.ops) !== undefined
    const answered = answer(id, ask)
    if (!waits) return answered
    late.add(answered)
    answered.then(() => late.delete(answered))
  }

  /** What is changed by hand stays so until what is wanted of that service changes. */
  async function answer(id: number, ask: ForwardingAsk): Promise<void> {
    if (opened === undefined) return
    const value = await answerAsk(opened.backend, ask)
    const rest: unknown[] = Array.isArray(value) ? [...value] : []
    while (rest.length > piece) channel.send({ type: 'answer', id, part: rest.splice(0, piece), more: true })
    channel.send({ type: 'answer', id, part: Array.isArray(value) ? rest : value, more: false })
  }

  /** lvs_flush: what an earlier daemon left is not taken over. */
  async function empty(backend: ForwardingBackend): Promise<void> {
    const { services } = await backend.read()
    await backend.apply(
      services.map(({ service }) => ({ type: 'remove-service', serviceKey: serviceKey(service.address) })),
    )
  }

  /** A setting that cannot be is no reason to stop forwarding; it is said, and tried again at the next reload. */
  async function set({ backend, slice: openedWith }: Opened, slice: ForwardingSlice): Promise<void> {
    const ops = settingOps(committed, slice)
    if (ops.length > 0)
      for (const result of await backend.apply(ops))
        if (!result.ok) log.error('forwarding is not set as configured', { reason: result.error.message })
    const waiting = waitingForRestart(openedWith, slice)
    if (waiting.length > 0)
      log.warn('forwarding takes these from the file when the daemon is restarted', { settings: waiting.join(', ') })
  }

  async function end(leave: 'services-in-place' | 'nothing'): Promise<void> {
    ended = true
    await opened?.sync.stop()
    await opened?.keeper.stop()
    await Promise.all(late)
    if (opened !== undefined) await opened.backend.close(await toLeave(opened, leave))
    channel.close()
  }

  /** Services that were made by hand outlive us, and what forwards them. */
  async function toLeave({ backend, keeper }: Opened, leave: 'services-in-place' | 'nothing'): Promise<typeof leave> {
    // Before its first commit a role has changed nothing and removes nothing.
    if (!committed || leave === 'services-in-place') return 'services-in-place'
    const { services } = await backend.read()
    const own = new Set(keeper.own())
    const keys = services.map(({ service }) => serviceKey(service.address))
    if (keys.every((key) => own.has(key))) {
      keeper.forget()
      return 'nothing'
    }
    const removed = await backend.apply(
      keys.filter((key) => own.has(key)).map((key) => ({ type: 'remove-service', serviceKey: key })),
    )
    for (const result of removed) if (!result.ok) log.error('service stays', { reason: result.error.message })
    keeper.forget()
    return 'services-in-place'
  }
}
