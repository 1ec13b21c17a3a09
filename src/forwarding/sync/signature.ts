import { fail, type IpAddress, ok, type Result } from '../../base/index.ts'
import { openHmac } from '../../sys/crypto/index.ts'
import { decodeSeal, encodeSeal } from '../../wire/ipvs-sync/index.ts'

/** How far apart the clocks of two directors may be, and how old a message; microseconds. */
const WINDOW = 60_000_000
/** Sources whose last number is kept. */
const MOST_SOURCES = 256

/** Seals messages, each with a greater number than the one before, also after a restart. @param wall  milliseconds since 1970 */
export function createSigner(key: string, wall: () => number): (message: Uint8Array) => Uint8Array {
  const hmac = openHmac('sha256', key)
  let last = 0
  return (message) => {
    last = Math.max(last + 1, Math.floor(wall() * 1000))
    return encodeSeal(message, last, (signed) => hmac.sign(signed))
  }
}

/** Of a datagram the message, if one of the keys has sealed it and it is no older than what came from there before. */
export function createVerifier(
  keys: readonly string[],
  wall: () => number,
): (datagram: Uint8Array, source: IpAddress) => Result<Uint8Array, 'unauthenticated' | 'replayed'> {
  const hmacs = keys.map((key) => openHmac('sha256', key))
  const last = new Map<IpAddress, number>()
  return (datagram, source) => {
    const sealed = decodeSeal(datagram)
    if (sealed === undefined || !hmacs.some((hmac) => hmac.verify(sealed.signed, sealed.mac)))
      return fail('unauthenticated')
    const { sequence } = sealed
    if (sequence <= (last.get(source) ?? 0) || Math.abs(sequence - wall() * 1000) > WINDOW) return fail('replayed')
    if (!last.has(source) && last.size >= MOST_SOURCES) last.clear()
    last.set(source, sequence)
    return ok(sealed.message)
  }
}
