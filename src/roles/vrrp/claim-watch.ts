import {
  after,
  type Family,
  familyOf,
  type Instant,
  type IpAddress,
  type Log,
  macText,
  sameBytes,
  seconds,
} from '../../base/index.ts'
import type { ClaimMessage, ClaimSocket } from '../../sys/socket/index.ts'
import { readArpClaim } from '../../wire/arp/index.ts'
import { readNeighbourClaim } from '../../wire/ndisc/index.ts'
import type { AddressKeeper } from './address-keeper.ts'
import type { Incidents } from './incidents.ts'
import type { NetworkView } from './network-view.ts'
import type { VrrpPorts } from './ports.ts'

/** Listens, wherever we hold addresses, for other hosts that say they have them. */
export type ClaimWatch = {
  /** From here on what the keeper holds is listened for. */
  follow(): void
  /** Goes on after a flood. */
  run(now: Instant): void
  deadline(): Instant | undefined
  close(): void
}

type Watched = {
  readonly socket: ClaimSocket
  addresses: readonly IpAddress[]
  /** Since when they are counted, and how many came. */
  since: Instant
  heard: number
  /** After too many nobody listens until then. */
  deafUntil: Instant | undefined
}

/** More claims than this in a PERIOD tell nothing new: the rest of it is not listened to. */
const MOST = 64
const PERIOD = seconds(1)

export function openClaimWatch(
  ports: Pick<VrrpPorts, 'clock' | 'openClaimSocket'>,
  view: NetworkView,
  keeper: AddressKeeper,
  incidents: Incidents,
  log: Log,
  /** A deadline came nearer. */
  wake: () => void,
): ClaimWatch {
  const watched = new Map<string, Watched>()
  /** Where it cannot be: told once. */
  const failed = new Set<string>()

  const listen = (one: Watched, key: string) => {
    const done = one.socket.listen(one.deafUntil === undefined ? one.addresses : [])
    if (!done.ok) log.warn('claims of other hosts are not heard', { socket: key, reason: done.error.message })
  }
  const hear = (key: string, index: number, family: Family, message: ClaimMessage) => {
    const one = watched.get(key)
    const claim = family === 4 ? readArpClaim(message.data) : readNeighbourClaim(message.data, message.hopLimit)
    if (one === undefined || claim === undefined) return
    const { address, mac } = claim
    const owners = keeper.ownersAt(address, index)
    // What comes back to us, or comes from another of our interfaces or from who shares our virtual MAC, is no claim.
    if (owners.size === 0 || (mac !== undefined && view.find((link) => sameBytes(link.mac, mac)) !== undefined)) return
    incidents.note('claimed', address, owners, mac === undefined ? message.source : macText(mac))
    count(one, key)
  }
  const count = (one: Watched, key: string) => {
    const now = ports.clock.now()
    if (now >= after(one.since, PERIOD)) {
      one.since = now
      one.heard = 0
    }
    if (++one.heard < MOST) return
    one.deafUntil = after(one.since, PERIOD)
    listen(one, key)
    wake()
  }

  return {
    follow() {
      const wanted = new Map<string, { index: number; family: Family; addresses: IpAddress[] }>()
      for (const { interfaceIndex: index, address } of keeper.placed()) {
        const family = familyOf(address)
        const key = `${index}/ipv${family}`
        const entry = wanted.get(key) ?? { index, family, addresses: [] }
        entry.addresses.push(address)
        wanted.set(key, entry)
      }
      for (const [key, { socket }] of watched)
        if (!wanted.has(key)) {
          socket.close()
          watched.delete(key)
        }
      for (const [key, { index, family, addresses }] of wanted) {
        const known = watched.get(key)
        if (known !== undefined) {
          if (known.addresses.join() === addresses.join()) continue
          known.addresses = addresses
          listen(known, key)
          continue
        }
        const link = view.linkAt(index)
        if (link === undefined || (family === 4 && link.noArp)) continue
        const opened = ports.openClaimSocket({
          family,
          interface: link.name,
          interfaceIndex: index,
          onMessage: (message) => hear(key, index, family, message),
        })
        if (!opened.ok) {
          if (!failed.has(key))
            log.warn('claims of other hosts are not heard', { socket: key, reason: opened.error.message })
          failed.add(key)
          continue
        }
        failed.delete(key)
        const one: Watched = {
          socket: opened.value,
          addresses,
          since: ports.clock.now(),
          heard: 0,
          deafUntil: undefined,
        }
        watched.set(key, one)
        listen(one, key)
      }
    },
    run(now) {
      for (const [key, one] of watched) {
        if (one.deafUntil === undefined || one.deafUntil > now) continue
        one.deafUntil = undefined
        listen(one, key)
      }
    },
    deadline() {
      let earliest: Instant | undefined
      for (const { deafUntil } of watched.values())
        if (deafUntil !== undefined && (earliest === undefined || deafUntil < earliest)) earliest = deafUntil
      return earliest
    },
    close() {
      for (const { socket } of watched.values()) socket.close()
      watched.clear()
    },
  }
}
