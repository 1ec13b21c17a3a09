import type { VirtualRouterSnapshot } from './snapshot.ts'

/** Rejected advertisements as keepalived counts them, and those with other addresses, which both accept. */
export function keepalivedErrors({ drops, remarks = {} }: Pick<VirtualRouterSnapshot, 'drops' | 'remarks'>) {
  const of = (...reasons: readonly string[]): number => reasons.reduce((sum, reason) => sum + (drops[reason] ?? 0), 0)
  return {
    length: of('length'),
    interval: of('interval'),
    ttl: of('ttl'),
    type: of('type'),
    addressList: of('address-list', 'destination') + (remarks['address-list'] ?? 0),
    authenticationTypeUnknown: of('authentication-type-unknown'),
    authenticationType: of('authentication-type'),
    authentication: of('authentication', 'authentication-replay'),
    hmacMissing: of('hmac-missing'),
    hmacMalformed: of('hmac-malformed'),
    hmacUnknownKey: of('hmac-unknown-key'),
    hmacInvalid: of('hmac-invalid'),
    hmacStale: of('hmac-stale'),
    hmacReplay: of('hmac-replay'),
  }
}
