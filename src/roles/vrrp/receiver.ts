import {
  after,
  elapsed,
  type Family,
  type Instant,
  type IpAddress,
  ok,
  pseudoHeader,
  type Result,
} from '../../base/index.ts'
import { type VirtualRouter, virtualRouterKey } from '../../model/index.ts'
import { RESIGNED, type Rejection, validate } from '../../proto/vrrp/index.ts'
import { checkHmac, type HmacRejection, type Verified } from '../../proto/vrrp-hmac/index.ts'
import type { VrrpDatagram } from '../../sys/socket/index.ts'
import {
  type Advertisement,
  AUTHENTICATION_HEADER,
  type Decoded,
  decodeAdvertisementV2,
  decodeAdvertisementV3,
  decodeHmacTrailer,
  peekVirtualRouterId,
  type SplitMessage,
  splitTrailer,
  VRRP_PROTOCOL,
} from '../../wire/vrrp/index.ts'
import { complain, PAUSE } from './complaint.ts'
import { advertisingInterface } from './link-names.ts'
import type { Machines } from './machines.ts'
import { noteUnclaimed, type Parts, type Unclaimed } from './parts.ts'
import { noteRejected } from './rejected.ts'
import { isSame, judged, type Said } from './repeats.ts'
import type { RunningRouter } from './running-router.ts'
import type { Arrival } from './sockets.ts'

/**
 * Takes what came in on an interface. In this order: long enough to name a virtual router; one of ours on this interface
 * and in this family; in backup or master; what the codec checks; what `validate` checks. An advertisement that fails is
 * counted, complained about once, and touches no timer and no state.
 */
export type Receive = (at: Arrival, datagram: VrrpDatagram, arrivedAt: Instant) => void

export function openReceiver(parts: Parts, machines: Machines): Receive {
  const { running, floods, log, clock } = parts
  /** When an unknown one was last told of, by interface, family and id. */
  const told = new Map<string, Instant>()
  /** Texts of keys are made once: a lookup by one that is new costs more than the rest of a refusal. */
  const keys = new Map<string, string[]>()
  const keyOf = (base: string, family: Family, virtualRouterId: number): string => {
    const name = family === 4 ? base : `${base} `
    let ofInterface = keys.get(name)
    if (ofInterface === undefined) {
      ofInterface = Array.from({ length: 256 }, (_, id) =>
        virtualRouterKey({ interface: base, family, virtualRouterId: id }),
      )
      keys.set(name, ofInterface)
    }
    return ofInterface[virtualRouterId] ?? ''
  }

  return (at, datagram, arrivedAt) => {
    const { interface: name, base, family } = at
    const { source } = datagram
    const behind = datagram.header === undefined ? datagram : behindHeader(datagram)
    const virtualRouterId = peekVirtualRouterId(behind.payload)
    if (virtualRouterId === undefined) return nobodys(at, 'length')
    const one = running.get(keyOf(base, family, virtualRouterId))
    // What is multicast comes to all that are on one wire; a virtual link is for one virtual router alone.
    if (one !== undefined ? advertisingInterface(one.router) !== name : name !== base) return
    if (one === undefined) {
      if (parts.settings.logUnknownIds === true) tellUnknown(name, family, virtualRouterId, source)
      return nobodys(at, 'virtual-router-id')
    }
    if (one.source === undefined) return
    // A socket without an interface gets what is for others of this host as well.
    if (one.router.anyInterface === true && datagram.destination !== one.source) return nobodys(at, 'virtual-router-id')
    const { state, router } = one
    if (state.name !== 'backup' && state.name !== 'master') return
    const now = clock.now()
    const previous = state.name === 'backup' ? state.heard?.source : undefined
    const last = one.judged
    if (last !== undefined && isSame(last, datagram, state.name, previous)) {
      const { verdict } = last
      if (now < last.until) {
        floods.wasted(at)
        return typeof verdict === 'string' ? refuse(one, source, verdict) : tally(one, verdict)
      }
      // What a master says each time.
      if (typeof verdict !== 'string' && last.isPlain) {
        last.until = after(now, last.pause)
        return hear(one, source, verdict, now, arrivedAt)
      }
    }
    const split = splitOf(one, behind)
    let verified: Verified | undefined
    let sequence: number | undefined
    const result = validate(router, one.expectation, previous, datagram, decode(router, behind, split), () => {
      const opened = one.headerSigner?.open(datagram)
      if (opened === undefined && datagram.header !== undefined) return 'authentication-type'
      if (opened?.ok === false) return opened.error
      sequence = opened?.value
      const checked = authenticate(one, source, split)
      if (!checked.ok) return checked.error
      verified = checked.value
      return undefined
    })
    if (!result.ok) {
      floods.wasted(at)
      const { advertisementInterval } = router
      one.judged = judged(datagram, { state: state.name, previous }, now, advertisementInterval, result.error, false)
      refuse(one, source, result.error)
      complain(log, one, now, result.error, refusalText(result.error), result.error, source)
      return
    }
    const { priority, interval, remarks, checksum } = result.value
    if (verified !== undefined) accept(one, verified, source)
    if (sequence !== undefined) one.headerSigner?.heard(sequence)
    // A signed one that comes again is a replay.
    const isSigned = one.signer !== undefined || one.headerSigner !== undefined
    const isPlain = remarks.length === 0 && (checksum === undefined || isExpected(router, checksum))
    const shorter = Math.min(interval, router.advertisementInterval)
    one.judged = isSigned
      ? undefined
      : judged(datagram, { state: state.name, previous }, now, shorter, result.value, isPlain)
    for (const remark of remarks)
      if (remark === 'address-list' || priority !== RESIGNED)
        complain(log, one, now, remark, `advertisement accepted with another ${remark} than ours`, remark, source)
    if (checksum !== undefined) noteChecksum(one, checksum, datagram)
    hear(one, source, result.value, now, arrivedAt)
  }

  function hear(one: RunningRouter, source: IpAddress, said: Said, now: Instant, arrivedAt: Instant): void {
    const { priority, interval } = said
    if (one.source === undefined) return
    tally(one, said)
    one.lastHeard = { source, priority, at: now, wall: clock.wall() }
    machines.advance(
      one,
      { type: 'advertisement-received', priority, interval, source, self: one.source, arrivedAt },
      now,
    )
  }

  function nobodys(at: Arrival, reason: Unclaimed): void {
    floods.wasted(at)
    noteUnclaimed(parts, at.interface, at.family, reason)
  }

  function refuse({ counters, rejected }: RunningRouter, source: IpAddress, reason: Rejection): void {
    counters.drops.set(reason, (counters.drops.get(reason) ?? 0) + 1)
    noteRejected(rejected, source, reason, clock.wall())
  }

  function tally({ counters }: RunningRouter, { priority, remarks }: Said): void {
    counters.advertisementsReceived++
    for (const remark of remarks) counters.remarks.set(remark, (counters.remarks.get(remark) ?? 0) + 1)
    if (priority === RESIGNED) counters.priorityZeroReceived++
  }

  function authenticate(
    { signer, router }: RunningRouter,
    source: IpAddress,
    { message, trailer }: SplitMessage,
  ): Result<Verified | undefined, HmacRejection> {
    if (signer === undefined) return ok(undefined)
    const peers = router.unicastPeers
    const arrival = { source, ...(peers.length === 0 ? {} : { isPeer: peers.includes(source) }) }
    const decoded = trailer && decodeHmacTrailer(trailer)
    return checkHmac(
      signer.settings,
      signer.marks,
      decoded === undefined ? arrival : { ...arrival, trailer: decoded.ok ? decoded.value : undefined },
      clock.wall(),
      (signed) => trailer && signer.verify(source, message, trailer, signed),
    )
  }

  /** Only now: a copy with its checksum broken must not make a replay of the real one (keepalived's does). */
  function accept(one: RunningRouter, { marks, skew }: Verified, source: IpAddress): void {
    const { signer } = one
    if (signer === undefined) return
    signer.marks = marks
    if (skew === undefined) return
    const difference = `${Math.abs(skew)} s ${skew > 0 ? 'behind' : 'ahead'}; beyond ${signer.settings.window} s it is refused`
    complain(log, one, clock.now(), 'clock', 'the sender’s clock differs from ours', difference, source)
  }

  /** log_unknown_vrids: one line for each in ten seconds. */
  function tellUnknown(name: string, family: Family, virtualRouterId: number, source: IpAddress): void {
    const key = `${name}/${family}/${virtualRouterId}`
    const last = told.get(key)
    const now = clock.now()
    if (last !== undefined && elapsed(last, now) < PAUSE) return
    told.set(key, now)
    log.info('advertisement for a virtual router that is not configured here', {
      interface: name,
      virtualRouterId,
      source,
    })
  }

  function noteChecksum({ router, complained }: RunningRouter, checksum: string, datagram: VrrpDatagram): void {
    if (isExpected(router, checksum) || complained.has(checksum)) return
    complained.add(checksum)
    const { source, destination } = datagram
    log.info('the other side sums advertisements differently', { router: router.name, checksum, source, destination })
  }
}

/** Whoever is on the link with our id and another password may well be right: it is another cluster's id too. */
const refusalText = (reason: Rejection): string =>
  OTHERS.has(reason)
    ? 'advertisement refused: another cluster uses this virtual_router_id, or the passwords differ'
    : 'advertisement refused'

const OTHERS: ReadonlySet<Rejection> = new Set([
  'authentication',
  'authentication-type',
  'hmac-missing',
  'hmac-unknown-key',
  'hmac-invalid',
])

/** The datagram without its authentication header. */
function behindHeader(datagram: VrrpDatagram): VrrpDatagram {
  const { payload, declaredLength = payload.length } = datagram
  const left = payload.subarray(AUTHENTICATION_HEADER)
  return { ...datagram, payload: left, declaredLength: Math.max(0, declaredLength - AUTHENTICATION_HEADER) }
}

const NOTHING = new Uint8Array(0)

/** By v3_checksum_as_v2. */
const isExpected = (router: VirtualRouter, checksum: string): boolean =>
  (checksum === 'message-only') === router.v3ChecksumAsV2

/** Without auth_hmac a trailer is just too many bytes. */
function splitOf({ signer, router }: RunningRouter, { payload, declaredLength }: VrrpDatagram): SplitMessage {
  const declared = declaredLength ?? payload.length
  return signer === undefined
    ? { message: payload, declared }
    : splitTrailer(payload, declared, router.family === 4 ? 4 : 16)
}

function decode(router: VirtualRouter, datagram: VrrpDatagram, split: SplitMessage): Decoded<Advertisement> {
  const { payload, source, destination } = datagram
  const { message, declared, trailer = NOTHING } = split
  if (router.version === 2) return decodeAdvertisementV2(message, declared)
  const summed = router.family === 4 ? declared : payload.length
  const pseudo = pseudoHeader(source, destination, VRRP_PROTOCOL, summed)
  const decoded = decodeAdvertisementV3(message, router.family === 4 ? 4 : 16, pseudo, declared, trailer)
  const mayBeOld = router.family === 4 && router.unicastPeers.length > 0 && router.oldUnicastChecksum !== 'never'
  if (decoded.ok || decoded.error.field !== 'checksum' || !mayBeOld) return decoded
  // keepalived before 1.3.7 summed up the group's address, also in what it sent to peers.
  const old = pseudoHeader(source, router.multicastGroup, VRRP_PROTOCOL, summed)
  return decodeAdvertisementV3(message, 4, old, declared, trailer)
}
