import { centisecondsFromMicros, familyOf, type IpAddress, internetChecksum, pseudoHeader } from '../../base/index.ts'
import type { VirtualRouter } from '../../model/index.ts'
import { authenticationType, type Expectation } from '../../proto/vrrp/index.ts'
import { encodeAdvertisementV2, encodeAdvertisementV3, passwordData, VRRP_PROTOCOL } from '../../wire/vrrp/index.ts'

/** One datagram ready to be sent. */
export type Outgoing = {
  readonly payload: Uint8Array
  readonly source: IpAddress
  readonly destination: IpAddress
  readonly hopLimit: number
}

const MULTICAST_HOPS = 255

/** The advertisements of one turn: one to the group, or one to each peer. */
export function advertisementsOf(router: VirtualRouter, source: IpAddress, priority: number): readonly Outgoing[] {
  const unicast = router.unicastPeers.length > 0
  const destinations = unicast ? router.unicastPeers : [router.multicastGroup]
  const hopLimit = unicast ? router.unicastTtl : MULTICAST_HOPS
  return destinations.map((destination) => ({
    payload: payloadOf(router, source, destination, priority),
    source,
    destination,
    hopLimit,
  }))
}

/**
 * The same with a trailer behind. Over IPv6 the checksum covers it, as it does where the kernel fills it in (keepalived);
 * over IPv4 it does not.
 */
export const withTrailer = (datagrams: readonly Outgoing[], trailer: Uint8Array): readonly Outgoing[] =>
  datagrams.map((datagram) => {
    const { payload, source, destination } = datagram
    const bytes = new Uint8Array(payload.length + trailer.length)
    bytes.set(payload)
    bytes.set(trailer, payload.length)
    if (familyOf(source) === 6) {
      bytes.fill(0, CHECKSUM, CHECKSUM + 2)
      const sum = internetChecksum(pseudoHeader(source, destination, VRRP_PROTOCOL, bytes.length), bytes)
      new DataView(bytes.buffer).setUint16(CHECKSUM, sum)
    }
    return { ...datagram, payload: bytes }
  })

const CHECKSUM = 6

/** What the advertisements of others should show of our own configuration. */
export function expectationOf(router: VirtualRouter): Expectation {
  return {
    authenticationData: passwordData(router.authentication?.password ?? ''),
    addresses: new Set(router.addresses.map(({ address }) => address)),
  }
}

function payloadOf(router: VirtualRouter, source: IpAddress, destination: IpAddress, priority: number): Uint8Array {
  const { virtualRouterId, authentication } = router
  const addresses = router.addresses.map(({ address }) => address)
  if (router.version === 2)
    return encodeAdvertisementV2({
      version: 2,
      virtualRouterId,
      priority,
      authenticationType: authenticationType(router),
      interval: Math.round(router.advertisementInterval / 1_000_000),
      addresses,
      authenticationData: passwordData(authentication?.type === 'pass' ? authentication.password : ''),
    })
  const size = router.family === 4 ? 4 : 16
  return encodeAdvertisementV3(
    {
      version: 3,
      virtualRouterId,
      priority,
      reserved: 0,
      interval: centisecondsFromMicros(router.advertisementInterval),
      addresses,
      checksum: router.family === 4 && router.v3ChecksumAsV2 ? 'message-only' : 'with-pseudo-header',
    },
    size,
    pseudoHeader(
      source,
      router.family === 4 && router.oldUnicastChecksum === 'always' ? router.multicastGroup : destination,
      VRRP_PROTOCOL,
      8 + addresses.length * size,
    ),
  )
}
