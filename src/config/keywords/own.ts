import { type SettingRule, settingNames, settingRules, tableSizeNames, tableSizes } from '../../model/index.ts'
import type { KeywordFacts } from './facts.ts'

/** A word of lvs_settings that takes a number. */
const numbered = (name: string, { default: value, min, max, meaning }: SettingRule): KeywordFacts => ({
  names: [name],
  in: ['lvs_settings'],
  takes: 'N',
  default: String(value),
  min,
  max,
  means: meaning,
})

/** Words that keepalived does not have. */
export const ownFacts: readonly KeywordFacts[] = [
  {
    names: ['local_address_group'],
    in: ['root'],
    takes: 'NAME { lines: ADDRESS | ADDRESS-N | ADDRESS-ADDRESS [INTERFACE] }',
    range: 'at most 4096 addresses, of one family',
    means: 'source addresses towards the servers of FULLNAT, as LVS-FULLNAT and DPVS write them',
  },
  { names: ['lvs_settings'], in: ['root'], takes: '{ … }', means: 'what forwarding does as a whole' },
  {
    names: ['laddr_group_name'],
    in: ['virtual_server'],
    takes: 'NAME',
    range: 'a local_address_group',
    means: 'the local addresses that lb_kind FNAT uses',
  },
  {
    names: ['toa'],
    in: ['virtual_server'],
    takes: 'flag',
    default: 'off',
    means: "FNAT tells TCP servers the client's address",
  },
  ...settingNames.map((name) => numbered(name, settingRules[name])),
  ...tableSizeNames.map((name) => numbered(name, tableSizes[name])),
  {
    names: ['interfaces'],
    in: ['lvs_settings'],
    takes: 'NAME …',
    default: 'all',
    means: 'where the embedded core takes packets; at the next start',
  },
  {
    names: ['xdp'],
    in: ['lvs_settings'],
    takes: 'auto|off|NAME …',
    default: 'off',
    means: 'where established connections are forwarded in the driver; at the next start',
  },
]
