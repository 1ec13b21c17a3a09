import process from 'node:process'

/** One key of one digest. */
export type Hmac = {
  sign(data: Uint8Array): Uint8Array
  /** Whether `mac` is the beginning of what `sign` gives; takes as long whatever differs. */
  verify(data: Uint8Array, mac: Uint8Array): boolean
}

/** HMAC (RFC 2104) with this digest. @param key hexadecimal */
export function openHmac(digest: 'sha256' | 'md5', key: string): Hmac {
  const { createHmac, createSecretKey, timingSafeEqual } = process.getBuiltinModule('node:crypto')
  const secret = createSecretKey(key, 'hex')
  const sign = (data: Uint8Array): Uint8Array => createHmac(digest, secret).update(data).digest()
  return {
    sign,
    verify(data, mac) {
      const right = sign(data)
      return mac.length > 0 && mac.length <= right.length && timingSafeEqual(right.subarray(0, mac.length), mac)
    },
  }
}
