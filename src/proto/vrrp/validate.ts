import {
  fail,
  type IpAddress,
  isMulticast,
  type Micros,
  microsFromCentiseconds,
  ok,
  type Result,
  seconds,
} from '../../base/index.ts'
import type { VirtualRouter } from '../../model/index.ts'
import type { Advertisement, Decoded } from '../../wire/vrrp/index.ts'
import type { HmacRejection } from '../vrrp-hmac/index.ts'
import { OWNER } from './intervals.ts'

/** Why an advertisement was refused: the counter, the log field and the JSON key. keepalived's counter in brackets. */
export type Rejection =
  | HmacRejection
  /** Too short, cut off, or longer than Ethernet padding explains (packet_len_err). */
  | 'length'
  /** Not sent from this link: TTL or hop limit below 255; or beyond what is set for a peer (ip_ttl_err). */
  | 'ttl'
  /** (vers_err) */
  | 'version'
  /** Not an advertisement (invalid_type_rcvd). */
  | 'type'
  /** v3 with no address (erratum 8299 to RFC 9568; keepalived keeps it). */
  | 'address-count'
  /** v2: not our interval; v3: 0 (advert_interval_err). */
  | 'interval'
  /** (chk_err) */
  | 'checksum'
  /** v2: neither none, simple text nor AH (invalid_authtype). */
  | 'authentication-type-unknown'
  /** v2: not the configured one (authtype_mismatch). */
  | 'authentication-type'
  /** v2: the password differs, or the digest of the authentication header is not right (auth_failure). */
  | 'authentication'
  /** v2: the authentication header's sequence number has gone back (auth_failure). */
  | 'authentication-replay'
  /** Multicast to a unicast virtual router, the reverse, or another group (addr_list_err). */
  | 'destination'
  /** We own the addresses and owner_ignore_adverts is set. */
  | 'owner-ignores'
  /** v2 in strict mode: other addresses than ours, and not from an owner (addr_list_err). */
  | 'address-list'

/** Accepted, yet worth a line: the sender's configuration is not ours. */
export type Remark = 'address-list' | 'interval'

export type Arrival = {
  readonly source: IpAddress
  readonly destination: IpAddress
  /** TTL or hop limit; -1 when unknown. */
  readonly hopLimit: number
}

export type Accepted = {
  readonly priority: number
  readonly interval: Micros
  readonly source: IpAddress
  readonly remarks: readonly Remark[]
  /** v3 over IPv4: the checksum form that the peer uses. */
  readonly checksum?: 'with-pseudo-header' | 'message-only'
}

/** What our own configuration says the wire should show, computed once per configuration. */
export type Expectation = {
  /** 8 bytes; all zero without authentication. */
  readonly authenticationData: Uint8Array
  /** The advertised addresses. */
  readonly addresses: ReadonlySet<IpAddress>
}

/**
 * The receive checks of RFC 9568 §7.1, RFC 3768 §7.1 and keepalived. Whatever is refused here must touch no timer and no
 * state. keepalived asks about authentication before type and checksum; here integrity comes first, so that a damaged
 * message counts as damaged and not as an intruder's.
 * @param authenticate asked about auth_hmac and the authentication header, once it is known that this is an advertisement of our version and from the link
 * @param previous who sent the last accepted one: with skip_check_adv_addr its address list is not compared again
 */
export function validate(
  router: VirtualRouter,
  expected: Expectation,
  previous: IpAddress | undefined,
  arrival: Arrival,
  decoded: Decoded<Advertisement>,
  authenticate: () => Rejection | undefined = () => undefined,
): Result<Accepted, Rejection> {
  const unicast = router.unicastPeers.length > 0
  if (!decoded.ok && decoded.error.field === 'length') return fail('length')
  // A router must forward nothing to the group, so 255 proves the sender is on the link; unicast may come from further.
  if (!unicast && arrival.hopLimit !== 255) return fail('ttl')
  if (decoded.ok ? decoded.value.version !== router.version : decoded.error.field === 'version') return fail('version')
  const refusal = authenticate()
  if (refusal !== undefined) return fail(refusal)
  if (!decoded.ok) return fail(decoded.error.field === 'count' ? 'address-count' : decoded.error.field)
  const message = decoded.value
  const interval = message.version === 2 ? seconds(message.interval) : microsFromCentiseconds(message.interval)
  if (message.version === 2) {
    const { authenticationType: type } = message
    if (type > 2) return fail('authentication-type-unknown')
    if (type !== authenticationType(router)) return fail('authentication-type')
    if (type === 1 && !equalInConstantTime(message.authenticationData, expected.authenticationData))
      return fail('authentication')
    if (interval !== router.advertisementInterval) return fail('interval')
  }
  if (unicast ? isMulticast(arrival.destination) : arrival.destination !== router.multicastGroup)
    return fail('destination')
  if (router.priority === OWNER && router.ownerIgnoreAdverts) return fail('owner-ignores')
  if (unicast && router.checkUnicastSource && !router.unicastPeers.includes(arrival.source)) return fail('source')
  const limits = router.peerTtlLimits?.find(({ peer }) => peer === arrival.source)
  if (limits !== undefined && (arrival.hopLimit < limits.min || arrival.hopLimit > limits.max)) return fail('ttl')
  const remarks: Remark[] = []
  if (interval !== router.advertisementInterval) remarks.push('interval')
  // A resignation may come without the list; RFC 9568 keeps a mismatch, RFC 3768 drops it (strict mode), keepalived keeps it.
  const skip = router.skipCheckAdvAddr && previous === arrival.source
  if (!skip && !sameAddresses(message.addresses, expected.addresses)) {
    if (router.strict === true && message.version === 2 && message.priority !== OWNER) return fail('address-list')
    remarks.push('address-list')
  }
  return ok({
    priority: message.priority,
    interval,
    source: arrival.source,
    remarks,
    ...(message.version === 3 && router.family === 4 ? { checksum: message.checksum } : {}),
  })
}

/** As the message says it (RFC 2338 §5.3.6). */
export const authenticationType = ({ authentication }: Pick<VirtualRouter, 'authentication'>): 0 | 1 | 2 =>
  authentication === undefined ? 0 : authentication.type === 'pass' ? 1 : 2

function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0)
  return difference === 0
}

/** As sets with the same number of entries; order is the sender's. */
function sameAddresses(received: readonly IpAddress[], own: ReadonlySet<IpAddress>): boolean {
  if (received.length !== own.size) return false
  for (const address of received) if (!own.has(address)) return false
  return true
}
