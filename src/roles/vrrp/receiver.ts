import { type Family, pseudoHeader } from '../../base/index.ts'
import { type VirtualRouter, virtualRouterKey } from '../../model/index.ts'
import { RESIGNED, validate } from '../../proto/vrrp/index.ts'
import type { VrrpDatagram } from '../../sys/socket/index.ts'
import {
  type Advertisement,
  type Decoded,
  decodeAdvertisementV2,
  decodeAdvertisementV3,
  peekVirtualRouterId,
  VRRP_PROTOCOL,
} from '../../wire/vrrp/index.ts'
import { complain } from './complaint.ts'
import type { Machines } from './machines.ts'
import type { Parts, Unclaimed } from './parts.ts'
import type { RunningRouter } from './running-router.ts'
import { socketKey } from './sockets.ts'

/**
 * Takes what came in on an interface. In this order: long enough to name a virtual router; one of ours on this interface
 * and in this family; in backup or master; what the codec checks; what `validate` checks. An advertisement that fails is
 * counted, complained about once, and touches no timer and no state.
 */
export type Receive = (name: string, family: Family, datagram: VrrpDatagram) => void

export function openReceiver({ running, unclaimed, log, clock }: Parts, machines: Machines): Receive {
  return (name, family, datagram) => {
    const { payload, source } = datagram
    const virtualRouterId = peekVirtualRouterId(payload)
    if (virtualRouterId === undefined) return noteUnclaimed(name, family, 'length')
    const one = running.get(virtualRouterKey({ interface: name, family, virtualRouterId }))
    if (one === undefined) return noteUnclaimed(name, family, 'virtual-router-id')
    if (one.source === undefined) return
    const { state, counters, router } = one
    if (state.name !== 'backup' && state.name !== 'master') return
    const previous = state.name === 'backup' ? state.heard?.source : undefined
    const result = validate(router, one.expectation, previous, datagram, decode(router, datagram))
    if (!result.ok) {
      counters.drops.set(result.error, (counters.drops.get(result.error) ?? 0) + 1)
      complain(log, one, result.error, 'advertisement refused', result.error, source)
      return
    }
    const { priority, interval, remarks, checksum } = result.value
    counters.advertisementsReceived++
    if (priority === RESIGNED) counters.priorityZeroReceived++
    for (const remark of remarks)
      if (remark === 'address-list' || priority !== RESIGNED)
        complain(log, one, remark, `advertisement accepted with another ${remark} than ours`, remark, source)
    if (checksum !== undefined) noteChecksum(one, checksum, datagram)
    one.putOff = false
    machines.advance(one, { type: 'advertisement-received', priority, interval, source, self: one.source }, clock.now())
  }

  function noteUnclaimed(name: string, family: Family, reason: Unclaimed): void {
    const key = socketKey({ interface: name, family })
    const counts = unclaimed.get(key) ?? new Map<Unclaimed, number>()
    counts.set(reason, (counts.get(reason) ?? 0) + 1)
    unclaimed.set(key, counts)
  }

  function noteChecksum({ router, complained }: RunningRouter, checksum: string, datagram: VrrpDatagram): void {
    if ((checksum === 'message-only') === router.v3ChecksumAsV2 || complained.has(checksum)) return
    complained.add(checksum)
    const { source, destination } = datagram
    log.info('the other side sums advertisements differently', { router: router.name, checksum, source, destination })
  }
}

function decode(router: VirtualRouter, datagram: VrrpDatagram): Decoded<Advertisement> {
  const { payload, source, destination, declaredLength = payload.length } = datagram
  if (router.version === 2) return decodeAdvertisementV2(payload, declaredLength)
  const pseudo = pseudoHeader(source, destination, VRRP_PROTOCOL, declaredLength)
  return decodeAdvertisementV3(payload, router.family === 4 ? 4 : 16, pseudo, declaredLength)
}
