import type { IpAddress } from '../../base/index.ts'
import type { HmacSettings } from '../../model/index.ts'
import { type Marks, nextSequence, noMarks } from '../../proto/vrrp-hmac/index.ts'
import { openHmac } from '../../sys/crypto/index.ts'
import { encodeHmacTrailer, type HmacTrailer, hmacInput } from '../../wire/vrrp/index.ts'

/** auth_hmac of one virtual router: its keys, and what was sent and heard with them. */
export type Signer = {
  readonly settings: HmacSettings
  /** The last sequence number sent. */
  last: bigint | undefined
  marks: Marks
  /**
   * The trailer for the next advertisement; undefined in receive-only mode.
   * @param message as sent from `source`; its checksum does not matter
   */
  sign(source: IpAddress, message: Uint8Array, wall: number): Uint8Array | undefined
  /** Undefined: there is no such key. */
  verify(source: IpAddress, message: Uint8Array, raw: Uint8Array, trailer: HmacTrailer): boolean | undefined
}

const UNSIGNED = new Uint8Array(0)

/** @param before of the same virtual router: what it has sent and heard goes on to count */
function openSigner(settings: HmacSettings, before?: Signer): Signer {
  const keys = new Map(settings.keys.map(({ id, key }) => [id, openHmac('sha256', key)]))
  const signer: Signer = {
    settings,
    last: before?.last,
    marks: before?.marks ?? noMarks,
    sign(source, message, wall) {
      const key = keys.get(settings.activeKey)
      if (settings.mode === 'receive-only' || key === undefined) return undefined
      signer.last = nextSequence(settings, signer.last, wall)
      const head = { keyId: settings.activeKey, sequence: signer.last }
      const hmac = key.sign(hmacInput(source, message, encodeHmacTrailer({ ...head, hmac: UNSIGNED })))
      return encodeHmacTrailer({ ...head, hmac })
    },
    verify: (source, message, raw, { keyId, hmac }) => keys.get(keyId)?.verify(hmacInput(source, message, raw), hmac),
  }
  return signer
}

/** The signer for a configuration that takes the place of another. */
export function signerFor(settings: HmacSettings | undefined, before: Signer | undefined): Signer | undefined {
  if (settings === undefined) return undefined
  const isSame = before !== undefined && JSON.stringify(before.settings) === JSON.stringify(settings)
  return isSame ? before : openSigner(settings, before)
}
