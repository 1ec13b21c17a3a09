import { openHmac } from '../../sys/crypto/index.ts'

type Sign = (signed: Uint8Array) => Uint8Array
type Verify = (signed: Uint8Array, mac: Uint8Array) => boolean

/** For calls; empty without keys. The first key signs, each verifies. */
export function callKeys(keys: readonly string[] | undefined): { readonly sign?: Sign; readonly verify?: Verify } {
  if (keys === undefined) return {}
  const hmacs = keys.map((key) => openHmac('sha256', key))
  return {
    sign: (signed) => (hmacs[0] as (typeof hmacs)[number]).sign(signed),
    verify: (signed, mac) => hmacs.some((hmac) => hmac.verify(signed, mac)),
  }
}

/** For the frames of one stream, in their order, at its one end or the other; empty without keys. */
export function frameKeys(
  keys: readonly string[] | undefined,
  asker: Uint8Array,
  teller: Uint8Array,
): { readonly sign?: Sign; readonly verify?: Verify } {
  if (keys === undefined) return {}
  const { sign, verify } = callKeys(keys)
  const place = new Uint8Array(PURPOSE.length + asker.length + teller.length + 4)
  place.set(PURPOSE)
  place.set(asker, PURPOSE.length)
  place.set(teller, PURPOSE.length + asker.length)
  const view = new DataView(place.buffer)
  let number = 0
  const atItsPlace = (signed: Uint8Array): Uint8Array => {
    view.setUint32(place.length - 4, number++)
    const whole = new Uint8Array(place.length + signed.length)
    whole.set(place)
    whole.set(signed, place.length)
    return whole
  }
  return {
    ...(sign && { sign: (signed) => sign(atItsPlace(signed)) }),
    ...(verify && { verify: (signed, mac) => verify(atItsPlace(signed), mac) }),
  }
}

/** So that what signs a frame signs nothing else. */
const PURPOSE = Uint8Array.of(0x48, 0x46, 0x63, 0x66)
