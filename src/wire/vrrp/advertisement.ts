import { familyOf, type IpAddress, pseudoHeader } from '../../base/index.ts'
import { type AdvertisementV2, decodeAdvertisementV2 } from './advertisement-v2.ts'
import { type AdvertisementV3, decodeAdvertisementV3 } from './advertisement-v3.ts'
import type { Decoded } from './decoded.ts'
import { splitTrailer } from './hmac-trailer.ts'

export type Advertisement = AdvertisementV2 | AdvertisementV3

/** The IP protocol number of VRRP. */
export const VRRP_PROTOCOL = 112

/** What an IP datagram with an advertisement has besides it. */
export type AdvertisementDatagram = {
  readonly source: IpAddress
  readonly destination: IpAddress
  readonly payload: Uint8Array
  /** Bytes, as the IP header says. */
  readonly declaredLength: number
}

/** @param signed  with an HMAC trailer behind, which is not verified */
export function decodeAdvertisement(datagram: AdvertisementDatagram, signed: boolean): Decoded<Advertisement> {
  const { payload, source, destination, declaredLength } = datagram
  const size = familyOf(source) === 4 ? 4 : 16
  const { message, declared, trailer } = signed
    ? splitTrailer(payload, declaredLength, size)
    : { message: payload, declared: declaredLength, trailer: undefined }
  if ((payload[0] as number) >> 4 === 2) return decodeAdvertisementV2(message, declared)
  const pseudo = pseudoHeader(source, destination, VRRP_PROTOCOL, size === 4 ? declared : payload.length)
  return decodeAdvertisementV3(message, size, pseudo, declared, trailer ?? new Uint8Array(0))
}
