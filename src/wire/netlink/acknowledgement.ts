import { fail, ok } from '../../base/index.ts'
import { type Attribute, decodeAttributes, encodeAttributes, findString } from './attribute.ts'
import { type Decoded, type LittleEndian, viewOf } from './decoded.ts'
import { decodeHeader, encodeMessage, NETLINK_HEADER_SIZE, type NetlinkHeader } from './message.ts'

/**
 * The payload of NLMSG_ERROR (`struct nlmsgerr`), which is also how success is acknowledged:
 *
 *     0               4                       20
 *     | -errno        | header of the request | its payload unless capped | attributes if the header says so
 */
export type Acknowledgement = {
  /** Positive; 0 is success. */
  readonly errno: number
  readonly request: NetlinkHeader
  /** Length of the request, header and all. */
  readonly requestLength: number
  /** The request's payload; undefined where NLM_F_CAPPED left it out. */
  readonly requestPayload?: Uint8Array
  /** The extended acknowledgement (NETLINK_EXT_ACK): NLMSGERR_ATTR_*. */
  readonly attributes: readonly Attribute[]
}

export const NLM_F_CAPPED = 0x100
export const NLM_F_ACK_TLVS = 0x200
export const NLMSGERR_ATTR_MSG = 1

const FIXED = 4 + NETLINK_HEADER_SIZE

/** @param flags  of the message whose payload this is */
export function decodeAcknowledgement(
  payload: Uint8Array,
  flags: number,
  little: LittleEndian,
): Decoded<Acknowledgement> {
  if (payload.length < FIXED) return fail({ field: 'length', got: payload.length })
  const errno = viewOf(payload).getInt32(0, little)
  if (errno > 0) return fail({ field: 'error', got: errno })
  const header = decodeHeader(payload.subarray(4), little)
  if (!header.ok) return header
  const { length: requestLength, ...request } = header.value

  const isCapped = (flags & NLM_F_CAPPED) !== 0
  const echoed = isCapped ? 0 : requestLength - NETLINK_HEADER_SIZE
  if (echoed < 0 || FIXED + echoed > payload.length) return fail({ field: 'request length', got: requestLength })
  // A success echoes the header alone, and is not marked as capped.
  const isEchoed = !isCapped && echoed > 0
  const rest = payload.subarray(FIXED + ((echoed + 3) & ~3))
  const attributes = (flags & NLM_F_ACK_TLVS) !== 0 ? decodeAttributes(rest, little) : ok([])
  if (!attributes.ok) return attributes
  return ok({
    errno: errno === 0 ? 0 : -errno,
    request,
    requestLength,
    ...(isEchoed ? { requestPayload: payload.subarray(FIXED, FIXED + echoed) } : {}),
    attributes: attributes.value,
  })
}

/** What the kernel says beyond the number; undefined where it says nothing. */
export const extendedMessage = (attributes: readonly Attribute[]): string | undefined =>
  findString(attributes, NLMSGERR_ATTR_MSG)

/** The payload of NLMSG_DONE: how a dump ended, and an extended acknowledgement where `flags` tell of one. */
export function decodeDone(
  payload: Uint8Array,
  flags: number,
  little: LittleEndian,
): Decoded<{ readonly errno: number; readonly attributes: readonly Attribute[] }> {
  // Kernels have ended dumps without the number.
  if (payload.length < 4) return ok({ errno: 0, attributes: [] })
  const errno = viewOf(payload).getInt32(0, little)
  const attributes = (flags & NLM_F_ACK_TLVS) !== 0 ? decodeAttributes(payload.subarray(4), little) : ok([])
  return attributes.ok ? ok({ errno: errno < 0 ? -errno : 0, attributes: attributes.value }) : attributes
}

/** The payload and the message flags that go with it. */
export function encodeAcknowledgement(
  ack: Acknowledgement,
  little: LittleEndian,
): { readonly payload: Uint8Array; readonly flags: number } {
  const echo = ack.requestPayload ?? new Uint8Array()
  const request = encodeMessage({ ...ack.request, payload: echo }, little)
  viewOf(request).setUint32(0, ack.requestLength, little)
  const attributes = encodeAttributes(ack.attributes, little)
  const payload = new Uint8Array(4 + request.length + attributes.length)
  viewOf(payload).setInt32(0, -ack.errno, little)
  payload.set(request, 4)
  payload.set(attributes, 4 + request.length)
  const capped = ack.requestPayload === undefined ? NLM_F_CAPPED : 0
  return { payload, flags: capped | (ack.attributes.length > 0 ? NLM_F_ACK_TLVS : 0) }
}
