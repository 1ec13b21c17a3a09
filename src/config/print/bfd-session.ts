import { isLinkLocal6 } from '../../base/index.ts'
import { type BfdSession, neighbourText } from '../../model/index.ts'
import { shownWeightText } from './tracker.ts'
import { onOff, type Text, timeText, word } from './words.ts'

export const bfdSessionText = (of: BfdSession): Text => ({
  head: `bfd_instance ${word(of.name)}`,
  body: [
    `neighbor_ip ${placed(of, of.neighbour)}`,
    ...(of.source === undefined ? [] : [`source_ip ${placed(of, of.source)}`]),
    `multihop ${onOff(of.multihop)}`,
    `min_rx ${millisText(of.minReceive)}`,
    `min_tx ${millisText(of.minTransmit)}`,
    `idle_tx ${millisText(of.idleTransmit)}`,
    `multiplier ${of.multiplier}`,
    ...(of.passive ? ['passive'] : []),
    `${of.family === 4 ? 'ttl' : 'hoplimit'} ${of.hopLimit}`,
    `max_hops ${of.maxHops ?? 255}`,
    ...shownWeightText(of.weight),
    ...(of.vrrp && of.checker ? [] : [of.vrrp ? 'vrrp' : 'checker']),
  ],
})

/** What is link-local with its interface. */
const placed = (of: BfdSession, address: BfdSession['neighbour']): string =>
  word(isLinkLocal6(address) ? neighbourText({ ...of, neighbour: address }) : address)

/** Milliseconds with as many decimals as it takes. */
const millisText = (of: BfdSession['minReceive']): string => timeText((of * 1_000) as typeof of)
