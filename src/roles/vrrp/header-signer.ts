import { fail, hexOf, joinedBytes, ok, type Result } from '../../base/index.ts'
import type { VirtualRouter } from '../../model/index.ts'
import { openHmac } from '../../sys/crypto/index.ts'
import type { VrrpDatagram } from '../../sys/socket/index.ts'
import {
  AUTHENTICATION_HEADER,
  ahInput,
  decodeAuthenticationHeader,
  encodeAuthenticationHeader,
  ipv4Header,
  passwordData,
  spiOf,
} from '../../wire/vrrp/index.ts'
import type { Outgoing } from './outgoing.ts'

/**
 * The authentication header of one virtual router (auth_type AH). One sequence number serves all routers that have its id, as
 * keepalived's does: whoever becomes master goes on from the last one heard. It keeps ahead of the clock: a process that takes
 * another's place knows nothing of what that one has sent, and its own must not look like a replay of it.
 */
export type HeaderSigner = {
  /**
   * Whole IPv4 packets.
   * @param wall milliseconds since 1970
   */
  seal(datagrams: readonly Outgoing[], wall: number): readonly Outgoing[]
  /** The sequence number of a packet that is what it says it is. */
  open(datagram: VrrpDatagram): Result<number, 'authentication-type' | 'authentication' | 'authentication-replay'>
  /** One with this sequence number is accepted. */
  heard(sequence: number): void
}

const NO_ICV = new Uint8Array(0)
const ICV = 12
const MOST_32 = 0xffff_ffff
/** Milliseconds since 1970 at the beginning of 2020, from where quarters of a second have room in 32 bits until 2054. */
const EPOCH = 1_577_836_800_000
/** Milliseconds. An interval is a second at least; what is sent out of turn in between may be twice as much. */
const TICK = 250

const clockSequence = (wall: number): number => Math.floor(Math.max(0, wall - EPOCH) / TICK) % MOST_32

export function openHeaderSigner(router: VirtualRouter, before?: HeaderSignerState): HeaderSigner & HeaderSignerState {
  const key = openHmac('md5', hexOf(passwordData(router.authentication?.password ?? '')))
  const unicast = router.unicastPeers.length > 0
  const state = { sequence: before?.sequence ?? 0, identification: before?.identification ?? 0 }
  return {
    get sequence() {
      return state.sequence
    },
    get identification() {
      return state.identification
    },
    seal(datagrams, wall) {
      // keepalived begins anew when it has counted to the end, and so do its peers with the next master.
      const next = state.sequence >= MOST_32 ? 1 : state.sequence + 1
      state.sequence = Math.max(next, clockSequence(wall))
      state.identification = (state.identification % 0xffff) + 1
      return datagrams.map((datagram) => {
        const { payload, source, destination, hopLimit } = datagram
        const header = ipv4Header({
          source,
          destination,
          identification: state.identification,
          timeToLive: hopLimit,
          length: AUTHENTICATION_HEADER + payload.length,
        })
        const head = { spi: spiOf(source), sequence: state.sequence }
        const behind = joinedBytes([encodeAuthenticationHeader({ ...head, icv: NO_ICV }), payload])
        const icv = key.sign(ahInput(header, behind, unicast)).subarray(0, ICV)
        return { ...datagram, payload: joinedBytes([header, encodeAuthenticationHeader({ ...head, icv }), payload]) }
      })
    },
    open({ header, payload, source, declaredLength = payload.length }) {
      if (header === undefined) return fail('authentication-type')
      const decoded = decodeAuthenticationHeader(payload)
      if (!decoded.ok || decoded.value.spi !== spiOf(source)) return fail('authentication')
      const { sequence, icv } = decoded.value
      const right = key.verify(ahInput(header, payload.subarray(0, declaredLength), unicast), icv)
      if (!right) return fail('authentication')
      return sequence < state.sequence ? fail('authentication-replay') : ok(sequence)
    },
    heard(sequence) {
      state.sequence = Math.max(state.sequence, sequence)
    },
  }
}

export type HeaderSignerState = { readonly sequence: number; readonly identification: number }
