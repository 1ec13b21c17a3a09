import {
  DNS_PORT,
  type SettingRule,
  settingNames,
  settingRules,
  tableSizeNames,
  tableSizes,
  usualCatchUp,
} from '../../model/index.ts'
import { MOST_IN_RANGE, MOST_NAME_SERVERS, secretBytes } from './bounds.ts'
import type { KeywordFacts } from './facts.ts'
import { ownCheckerFacts } from './own-checkers.ts'

/** A word of lvs_settings that takes a number. */
const numbered = (name: string, { default: value, min, max, meaning }: SettingRule): KeywordFacts => ({
  names: [name],
  in: ['lvs_settings'],
  takes: 'N',
  default: value,
  min,
  max,
  means: meaning,
})

/** Words that keepalived does not have. */
export const ownFacts: readonly KeywordFacts[] = [
  {
    names: ['local_address_group'],
    in: ['root'],
    takes: 'NAME { lines: ADDRESS|ADDRESS-N|ADDRESS-ADDRESS [IF] }',
    range: `at most ${MOST_IN_RANGE} addresses, of one family`,
    means: 'source addresses towards the servers of FULLNAT, as LVS-FULLNAT and DPVS write them',
  },
  {
    names: ['lvs_sync_key'],
    in: ['global_defs'],
    twice: 'all',
    takes: 'KEY',
    without: 'messages are not signed',
    range: `${secretBytes.least}–${secretBytes.most} bytes: text, hex:DIGITS, file:PATH or cred:NAME; the first signs, each verifies`,
    means:
      'messages of lvs_sync_daemon carry an HMAC between directors with the embedded core, and what is not signed is dropped',
  },
  {
    names: ['lvs_sync_catch_up'],
    in: ['global_defs'],
    twice: 'first',
    takes: 'off | SECONDS [OPTION …]',
    line: 'lvs_sync_catch_up',
    default: `${usualCatchUp.limit / 1_000_000} port ${usualCatchUp.port}`,
    min: 1,
    max: 3600,
    range: 'with decimals; the port is of UDP and TCP',
    means:
      'with lvs_sync_daemon and the embedded core a director that joins fetches all connections from the master before it preempts, and waits no longer than that; the master hands them over. Other directors are not asked for long',
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
    default: false,
    means: "FNAT tells TCP servers the client's address",
  },
  {
    names: ['panic_threshold'],
    in: ['virtual_server'],
    takes: 'PERCENT',
    default: 0,
    without: 'checks may take all servers',
    min: 0,
    max: 100,
    means: 'checks never take the last so many percent of its servers; who went down last is kept',
  },
  {
    names: ['slow_start'],
    in: ['virtual_server', 'virtual_server/real_server'],
    takes: 'SECONDS',
    default: 0,
    without: "the whole weight at once; the virtual server's first",
    min: 0,
    max: 4_294_967_295,
    means: 'a server that comes up, or is taken back into service, reaches its weight in steps within this time',
  },
  {
    names: ['nameserver'],
    in: ['global_defs'],
    twice: 'all',
    takes: 'ADDRESS [PORT]',
    without: `those of /etc/resolv.conf, port ${DNS_PORT}`,
    bounds: { PORT: { min: 1, max: 65_535 } },
    range: `at most ${MOST_NAME_SERVERS} lines; the next is asked when one does not answer`,
    means: 'who is asked for the names of real_server dns and srv',
  },
  {
    names: ['ttl_min'],
    in: ['virtual_server/real_server'],
    takes: 'SECONDS',
    default: 5,
    min: 1,
    max: 86_400,
    means: 'dns and srv: an answer counts so long at least, and so long after a failure the name is asked for again',
  },
  {
    names: ['ttl_max'],
    in: ['virtual_server/real_server'],
    takes: 'SECONDS',
    default: 300,
    min: 1,
    max: 604_800,
    means: 'dns and srv: an answer counts so long at most, whatever its TTL',
  },
  {
    names: ['nxdomain'],
    in: ['virtual_server/real_server'],
    takes: 'keep|remove',
    default: 'keep',
    means: 'dns and srv: what becomes of the servers when the name is said not to exist',
  },
  ...settingNames.map((name) => numbered(name, settingRules[name])),
  ...tableSizeNames.map((name) => numbered(name, tableSizes[name])),
  {
    names: ['interfaces'],
    in: ['lvs_settings'],
    takes: 'IF …',
    without: 'all',
    means: 'where the embedded core takes packets; at the next start',
  },
  {
    names: ['xdp'],
    in: ['lvs_settings'],
    takes: 'auto|off|IF …',
    default: 'off',
    means: 'where established connections are forwarded in the driver; at the next start',
  },
  ...ownCheckerFacts,
]
