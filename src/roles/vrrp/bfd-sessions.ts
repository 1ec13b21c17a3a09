import { after, assertNever, type Instant, type IpAddress, type Log, micros, seconds } from '../../base/index.ts'
import {
  type BfdSession,
  bfdSessionKey,
  neighbourText,
  type Observation,
  type Observed,
  trackKey,
} from '../../model/index.ts'
import type { BfdSessionSnapshot } from '../../observe/index.ts'
import {
  type BfdAction,
  type BfdEvent,
  bfdDeadline,
  diagnosticText,
  initialBfd,
  type RandomSource,
  stepBfd,
} from '../../proto/bfd/index.ts'
import type { UdpDatagram } from '../../sys/socket/index.ts'
import { type ControlPacket, decodeControlPacket, encodeControlPacket } from '../../wire/bfd/index.ts'
import { openAlarm } from './alarm.ts'
import { BFD_PORT, openBfdReceivers } from './bfd-receivers.ts'
import type { VrrpPorts } from './ports.ts'
import { bfdSnapshotOf, type RunningBfd } from './running-bfd.ts'

/** The dynamic ports, from which RFC 5881 §4 wants packets to come. */
const FIRST_SOURCE_PORT = 49_152
const SOURCE_PORTS = 65_536 - FIRST_SOURCE_PORT
/** Where one is taken, another. */
const ATTEMPTS = 16
const RETRY = seconds(1)
/** Nobody asks again for the last word, and losing it makes a neighbour see a failure. */
const LAST_WORDS = 3
/** What was known before this process holds for so many idle intervals: time enough to come up. */
const PRESUMED = 3
const LARGEST_DISCRIMINATOR = 0xffff_ffff

/** All BFD sessions of this host: their machines and sockets, under a timer of their own. */
export type BfdSessions = {
  /**
   * From here on exactly these run: unchanged ones are not touched, changed ones stay what they are, others end.
   * @param inherited of sessions that an earlier process had; `masters`: it had virtual routers that go on as masters, and
   *   what they track is not known to be bad
   */
  configure(
    sessions: readonly BfdSession[],
    inherited?: { readonly observed: readonly Observed[]; readonly masters: boolean },
  ): void
  /** For trackers. */
  observed(): readonly Observed[]
  snapshots(): readonly BfdSessionSnapshot[]
  /** Neighbours are told that this is no failure. */
  stop(): void
  close(): void
}

/** A session came up or was lost. */
export type BfdReport = (session: BfdSession, observed: Observed) => void

export function openBfdSessions(ports: VrrpPorts, log: Log, report: BfdReport): BfdSessions {
  const { clock } = ports
  const running = new Map<string, RunningBfd>()
  const byDiscriminator = new Map<number, RunningBfd>()
  const alarm = openAlarm(ports.openTimer, runDeadlines)
  const receivers = openBfdReceivers(ports, log, receive)
  const random: RandomSource = { fraction: ports.random, discriminator: freshDiscriminator }
  let sendersAt: Instant | undefined

  function freshDiscriminator(): number {
    let drawn = 1 + Math.floor(ports.random() * LARGEST_DISCRIMINATOR)
    while (byDiscriminator.has(drawn)) drawn = drawn === LARGEST_DISCRIMINATOR ? 1 : drawn + 1
    return drawn
  }

  function dispatch(one: RunningBfd, event: BfdEvent, now: Instant): void {
    const before = one.state
    const { state, actions } = stepBfd(one.session, before, event, now, random)
    one.state = state
    if (state.discriminator !== before.discriminator) {
      byDiscriminator.delete(before.discriminator)
      byDiscriminator.set(state.discriminator, one)
    }
    for (const action of actions) perform(one, action)
    alarm.wakeBy(bfdDeadline(state))
  }

  function perform(one: RunningBfd, action: BfdAction): void {
    switch (action.type) {
      case 'send':
        return send(one, action.packet)
      case 'announce': {
        one.since = clock.wall()
        one.complained.clear()
        const { session, state } = one
        // What tracks it acts before anything is written.
        if (action.path !== undefined) found(one, action.path)
        const fields = { session: session.name, neighbour: neighbourText(session), from: action.from }
        if (action.to === 'up') log.info('BFD session is up', fields)
        else if (action.to === 'admin-down') log.info('BFD session ended', fields)
        else if (action.from === 'up')
          log.warn('BFD session was lost', { ...fields, to: action.to, diagnostic: diagnosticText(state.diagnostic) })
        else log.debug('BFD session changed', { ...fields, to: action.to })
        return
      }
      default:
        return assertNever(action)
    }
  }

  function found(one: RunningBfd, path: 'good' | 'bad'): void {
    delete one.presumedUntil
    if (one.path === path) return
    one.path = path
    for (const observed of observedOf(one)) report(one.session, observed)
  }

  function send(one: RunningBfd, packet: ControlPacket): void {
    if (one.sender === undefined) return
    const bytes = encodeControlPacket(packet)
    for (let left = packet.state === 'admin-down' ? LAST_WORDS : 1; left > 0; left--) {
      const sent = one.sender.send(bytes)
      if (sent.ok) one.sent++
      else complain(one, 'send', 'BFD packets cannot be sent', sent.error.message)
    }
  }

  function receive({ payload, source, destination, hopLimit, interfaceIndex }: UdpDatagram, multihop: boolean): void {
    const known = ({ session, sender }: RunningBfd) =>
      session.neighbour === source &&
      session.multihop === multihop &&
      (session.source === undefined || session.source === destination) &&
      (session.interface === undefined || sender?.isOn(interfaceIndex) === true)
    const decoded = decodeControlPacket(payload)
    if (!decoded.ok) return drop([...running.values()].find(known), decoded.error.field, source)
    const packet = decoded.value
    const one =
      packet.yourDiscriminator === 0
        ? closest([...running.values()].filter(known))
        : byDiscriminator.get(packet.yourDiscriminator)
    // A discriminator alone is no proof of who speaks.
    if (one === undefined || !known(one)) return drop([...running.values()].find(known), 'session', source)
    const { maxHops, hopLimit: ours } = one.session
    if (maxHops !== undefined && hopLimit >= 0 && hopLimit + maxHops < ours)
      return drop(one, 'hop-limit', source, `${hopLimit} where ${ours - maxHops} is the least; is it a neighbour?`)
    one.received++
    dispatch(one, { type: 'packet-received', packet }, clock.now())
  }

  function drop(one: RunningBfd | undefined, reason: string, source: IpAddress, detail = reason): void {
    if (one === undefined) return log.debug('BFD packet is for no session', { source, reason })
    one.drops.set(reason, (one.drops.get(reason) ?? 0) + 1)
    // An answer to what was said before the last change is no fault of anyone.
    if (reason !== 'session') complain(one, reason, 'BFD packet was refused', detail)
  }

  function complain(one: RunningBfd, kind: string, message: string, reason: string): void {
    if (one.complained.has(kind)) return
    one.complained.add(kind)
    log.warn(message, { session: one.session.name, neighbour: neighbourText(one.session), reason })
  }

  function openSender(one: RunningBfd): void {
    const { session } = one
    const { neighbour: destination, source, hopLimit, multihop, interface: name } = session
    const port = multihop ? BFD_PORT.multihop : BFD_PORT.single
    for (let attempt = 1; ; attempt++) {
      const opened = ports.openUdpSender({
        destination,
        port,
        ...(source === undefined ? {} : { source }),
        sourcePort: one.sourcePort,
        hopLimit,
        ...(name === undefined ? {} : { interface: name }),
      })
      if (opened.ok) {
        one.sender = opened.value
        delete one.failure
        return
      }
      const { code, message } = opened.error
      if (code === 'EADDRINUSE' && attempt < ATTEMPTS) {
        one.sourcePort = drawSourcePort()
        continue
      }
      if (one.failure !== message)
        log.error('BFD session has nothing to send from', { session: session.name, reason: message })
      one.failure = message
      const retryAt = after(clock.now(), RETRY)
      sendersAt = retryAt
      alarm.wakeBy(retryAt)
      return
    }
  }

  const drawSourcePort = (): number => FIRST_SOURCE_PORT + Math.floor(ports.random() * SOURCE_PORTS)

  function begin(session: BfdSession, path: RunningBfd['path'], presumed: boolean): void {
    const key = bfdSessionKey(session)
    const one: RunningBfd = {
      key,
      session,
      state: initialBfd(session, freshDiscriminator()),
      since: clock.wall(),
      sourcePort: drawSourcePort(),
      path,
      ...(presumed ? { presumedUntil: after(clock.now(), micros(PRESUMED * session.idleTransmit)) } : {}),
      sent: 0,
      received: 0,
      drops: new Map(),
      complained: new Set(),
    }
    running.set(key, one)
    byDiscriminator.set(one.state.discriminator, one)
    alarm.wakeBy(one.presumedUntil)
    openSender(one)
    if (one.sender !== undefined) dispatch(one, { type: 'enabled' }, clock.now())
  }

  function change(one: RunningBfd, session: BfdSession): void {
    const before = one.session
    one.session = session
    if (before.hopLimit !== session.hopLimit) {
      one.sender?.close()
      delete one.sender
      openSender(one)
    }
    dispatch(one, { type: 'reconfigured', before }, clock.now())
  }

  function end(one: RunningBfd): void {
    dispatch(one, { type: 'disabled' }, clock.now())
    one.sender?.close()
    running.delete(one.key)
    byDiscriminator.delete(one.state.discriminator)
  }

  function runDeadlines(): void {
    let now = clock.now()
    const lapses = [...running.values()].some(({ state }) => state.lapsesAt !== undefined && state.lapsesAt <= now)
    if (lapses) {
      // Whoever could not look for a while has packets waiting that prove the neighbour alive.
      receivers.drain()
      now = clock.now()
    }
    for (const one of running.values()) {
      const deadline = bfdDeadline(one.state)
      if (deadline !== undefined && deadline <= now) dispatch(one, { type: 'deadline-reached' }, now)
      // It did not come up again in time.
      if (one.presumedUntil !== undefined && one.presumedUntil <= now) found(one, 'bad')
    }
    if (sendersAt !== undefined && sendersAt <= now) {
      sendersAt = undefined
      for (const one of running.values()) {
        if (one.sender !== undefined) continue
        openSender(one)
        if (one.sender !== undefined) dispatch(one, { type: 'enabled' }, now)
      }
    }
    if ((receivers.deadline() ?? Number.POSITIVE_INFINITY) <= now) receivers.synchronize(sessions())
    rearm()
  }

  function rearm(): void {
    for (const { state, presumedUntil } of running.values()) {
      alarm.wakeBy(bfdDeadline(state))
      alarm.wakeBy(presumedUntil)
    }
    alarm.wakeBy(sendersAt)
    alarm.wakeBy(receivers.deadline())
  }

  const sessions = (): readonly BfdSession[] => [...running.values()].map(({ session }) => session)

  return {
    configure(wanted, inherited) {
      const before = new Map((inherited?.observed ?? []).map(({ key, observation }) => [key, observation]))
      const keys = new Set(wanted.map(bfdSessionKey))
      for (const one of [...running.values()]) if (!keys.has(one.key)) end(one)
      receivers.synchronize(wanted)
      for (const session of wanted) {
        const one = running.get(bfdSessionKey(session))
        if (one === undefined) {
          const known = before.get(trackKey({ kind: 'bfd', name: session.name }))
          if (known?.type === 'good') begin(session, 'good', true)
          else if (known === undefined && inherited?.masters === true) begin(session, undefined, true)
          else begin(session, 'bad', false)
        } else if (JSON.stringify(one.session) !== JSON.stringify(session)) change(one, session)
      }
      rearm()
    },
    observed: () => [...running.values()].flatMap(observedOf),
    snapshots: () =>
      [...running.values()].map((one) =>
        bfdSnapshotOf(one, receivers.unclaimed(one.session), one.failure ?? receivers.failure(one.session)),
      ),
    stop() {
      for (const one of [...running.values()]) end(one)
    },
    close() {
      alarm.close()
      receivers.close()
      for (const { sender } of running.values()) sender?.close()
      running.clear()
    },
  }
}

/** One that names its own address goes before one that takes any. */
const closest = (candidates: readonly RunningBfd[]): RunningBfd | undefined =>
  candidates.find(({ session }) => session.source !== undefined) ?? candidates[0]

function observedOf({ session, state, path }: RunningBfd): readonly Observed[] {
  if (path === undefined) return []
  const reason = state.diagnostic === 0 ? 'is down' : `is down: ${diagnosticText(state.diagnostic)}`
  const observation: Observation = path === 'good' ? { type: 'good' } : { type: 'bad', reason }
  return [{ key: trackKey({ kind: 'bfd', name: session.name }), observation }]
}
