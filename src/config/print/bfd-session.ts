import type { BfdSession } from '../../model/index.ts'
import { onOff, type Text, timeText, word } from './words.ts'

export const bfdSessionText = (of: BfdSession): Text => ({
  head: `bfd_instance ${word(of.name)}`,
  body: [
    `neighbor_ip ${of.neighbour}`,
    ...(of.source === undefined ? [] : [`source_ip ${of.source}`]),
    `multihop ${onOff(of.multihop)}`,
    `min_rx ${millisText(of.minReceive)}`,
    `min_tx ${millisText(of.minTransmit)}`,
    `idle_tx ${millisText(of.idleTransmit)}`,
    `multiplier ${of.multiplier}`,
    ...(of.passive ? ['passive'] : []),
    `${of.family === 4 ? 'ttl' : 'hoplimit'} ${of.hopLimit}`,
    `max_hops ${of.maxHops ?? 255}`,
    ...(of.vrrp && of.checker ? [] : [of.vrrp ? 'vrrp' : 'checker']),
  ],
})

/** Milliseconds with as many decimals as it takes. */
const millisText = (of: BfdSession['minReceive']): string => timeText((of * 1_000) as typeof of)
