import { address as constant, familyOf, type IpAddress, sameBytes } from '../../base/index.ts'
import type { ArpingSettings } from '../../proto/arping/index.ts'
import { type ArpPacket, decodeArpPacket, encodeArpPacket } from '../../wire/arp/index.ts'
import { encodeSolicitation, encodeUnsolicitedAdvertisement, readClaimFrame } from '../../wire/ndisc/index.ts'

/** Who says that the address is theirs. */
export type HeardClaim = { readonly mac: Uint8Array; readonly broadcast: boolean; readonly request: boolean }

/** One question, or one announcement, in the language of its family. */
export type LinkLanguage = {
  /** @param to  6 bytes; absent: everybody */
  frame(to: Uint8Array | undefined): Uint8Array
  /** Undefined for whatever is not about the address, and for what came from here. */
  claimIn(frame: Uint8Array): HeardClaim | undefined
}

export type Question = {
  readonly mode: ArpingSettings['mode']
  /** 6 bytes, ours. */
  readonly mac: Uint8Array
  readonly source?: IpAddress
  readonly destination: IpAddress
}

export const linkLanguage = (question: Question): LinkLanguage =>
  familyOf(question.destination) === 4 ? arp(question) : neighbourDiscovery(question)

const everybody = new Uint8Array(6).fill(0xff)
const noAddress = constant('0.0.0.0')

function arp({ mode, mac, source, destination }: Question): LinkLanguage {
  const unsolicited = mode === 'update' || mode === 'reply'
  return {
    frame: (to) =>
      encodeArpPacket({
        from: mac,
        to: to ?? everybody,
        operation: mode === 'reply' ? 'reply' : 'request',
        senderMac: mac,
        sender: source ?? noAddress,
        targetMac: mode === 'reply' ? mac : unsolicited ? everybody : (to ?? everybody),
        target: destination,
      }),
    claimIn(frame) {
      const decoded = decodeArpPacket(frame)
      if (!decoded.ok || unsolicited || !concerns(decoded.value)) return undefined
      const { to, senderMac, operation } = decoded.value
      return { mac: senderMac, broadcast: sameBytes(to, everybody), request: operation === 'request' }
    },
  }

  /** In answer to us: another host that asks for something from that address is none, but takes it when we detect. */
  function concerns({ sender, senderMac, target, operation, targetMac }: ArpPacket): boolean {
    if (sender !== destination || sameBytes(senderMac, mac)) return false
    if (mode === 'detect' && source === undefined) return true
    return target === source && (operation === 'request' || sameBytes(targetMac, mac))
  }
}

function neighbourDiscovery({ mode, mac, source, destination }: Question): LinkLanguage {
  const unsolicited = mode === 'update' || mode === 'reply'
  return {
    frame(to) {
      if (unsolicited)
        return encodeUnsolicitedAdvertisement({ mac, address: destination, router: false, override: true })
      const whom = to === undefined ? {} : { to }
      return encodeSolicitation({ mac, target: destination, ...(source === undefined ? {} : { source }), ...whom })
    },
    claimIn(frame) {
      const claim = readClaimFrame(frame)
      if (claim === undefined || unsolicited || claim.address !== destination) return undefined
      // What all nodes are told is in answer to somebody else, unless we ask without an address.
      if (source !== undefined && claim.destination !== source) return undefined
      const theirs = claim.mac ?? claim.from
      if (sameBytes(theirs, mac) || sameBytes(claim.from, mac)) return undefined
      return { mac: theirs, broadcast: claim.to[0] === 0x33, request: false }
    },
  }
}
