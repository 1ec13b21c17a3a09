import { usualCatchUp, usualSync } from '../../../model/index.ts'
import { MOST_32 } from '../bounds.ts'
import type { LineFacts, OptionFacts } from './facts.ts'

/** @param most  what each may weigh at most, up or down */
const trackLine = <Most extends number>(is: string, weighs: string, most: Most) =>
  ({
    is,
    takes: 'NAME [OPTION …]',
    means: `without a weight ${weighs}`,
    options: [
      { names: ['weight'], takes: 'N', min: -most, max: most, means: 'added to the priority' },
      { names: ['reverse'], takes: 'flag', means: 'added while it is down, taken away while it is up' },
      { names: ['noreverse'], takes: 'flag', means: "not reversed, whatever the object's own block says" },
    ],
  }) as const satisfies LineFacts

export const trackLines = {
  track_interface: trackLine('a tracked interface', 'its loss is a fault', 253),
  track_script: trackLine('a tracked script', "the script's own counts", 253),
  track_file: trackLine('a tracked file', "the file's own counts", 254),
  track_process: trackLine('a tracked process', "the process's own counts", 254),
  track_bfd: trackLine('a tracked BFD session', "the session's own counts", 253),
} as const

export const peerLine = {
  is: 'a peer',
  takes: 'ADDRESS [OPTION …]',
  means: 'whom advertisements are sent to; a limit implies check_unicast_src',
  options: [
    { names: ['min_ttl'], takes: 'N', min: 0, max: 255, default: 0, means: 'what comes with less is dropped' },
    { names: ['max_ttl'], takes: 'N', min: 0, max: 255, default: 255, means: 'what comes with more is dropped' },
  ],
} as const satisfies LineFacts

export const serverGroupLine = {
  is: 'an entry of a virtual_server_group',
  takes: 'ADDRESS [PORT] | ADDRESS-N [PORT] | ADDRESS-ADDRESS [PORT] | PREFIX [PORT] | OPTION',
  means:
    'addresses of one port, 0 or absent for any; N is the last octet, or the last group in hexadecimal; a network has no host bits',
  options: [
    {
      names: ['fwmark'],
      takes: 'N [inet|inet6]',
      min: 0,
      max: MOST_32,
      range: 'a family is needed where the group has both',
      means: 'a firewall mark',
    },
  ],
} as const satisfies LineFacts

const ifGroup = {
  names: ['group'],
  takes: 'IFGROUP',
  min: 0,
  max: MOST_32,
  means: 'the group of interfaces that the link is in',
} as const satisfies OptionFacts
const linkName = {
  names: ['name'],
  takes: 'IF',
  without: 'made of a prefix and the virtual_router_id',
  range: 'the word may be left out',
  means: 'what the link is called',
} as const satisfies OptionFacts

export const macvlanWords = {
  is: 'use_vmac',
  takes: '[IF|MAC|OPTION …]',
  means: 'MAC: six octets, or five that the virtual_router_id follows; 00:00:5e:00:01:ID without',
  options: [
    linkName,
    { names: ['netlink_notify_msg'], takes: 'flag', means: 'the interface below is told of as well' },
    ifGroup,
  ],
} as const satisfies LineFacts

export const ipvlanWords = {
  is: 'use_ipvlan',
  takes: '[IF|PREFIX|OPTION …]',
  means: 'the address that advertisements leave from; IPv4 needs one',
  options: [
    linkName,
    {
      names: ['bridge', 'private', 'vepa'],
      takes: 'flag',
      default: 'bridge',
      means: 'how links of one interface see each other',
    },
    ifGroup,
  ],
} as const satisfies LineFacts

export const connectionSyncWords = {
  is: 'lvs_sync_daemon',
  takes: 'IF [INSTANCE [N]] [OPTION …]',
  means: 'where connections are told of',
  options: [
    { names: ['inst'], takes: 'INSTANCE', means: 'master and backup with this virtual router' },
    { names: ['id'], takes: 'N', min: 0, max: 255, without: 'the virtual_router_id, else 0', means: 'whom it is for' },
    { names: ['maxlen'], takes: 'N', min: 1, max: 65_507, means: 'the longest message, in bytes' },
    { names: ['port'], takes: 'N', min: 1, max: 65_535, default: usualSync.port, means: 'UDP port' },
    { names: ['ttl'], takes: 'N', min: 1, max: 255, default: usualSync.ttl, means: 'hops' },
    { names: ['group'], takes: 'ADDRESS', default: usualSync.group, means: 'multicast group' },
  ],
} as const satisfies LineFacts

export const catchUpWords = {
  is: 'lvs_sync_catch_up',
  takes: 'off | SECONDS [OPTION …]',
  means: 'how a director that joins has all connections',
  options: [
    { names: ['port'], takes: 'N', min: 1, max: 65_535, default: usualCatchUp.port, means: 'UDP and TCP port' },
  ],
} as const satisfies LineFacts

const timeout = { takes: 'SECONDS', min: 0, max: 2_678_400, default: 0, without: 'left as it is' } as const

export const timeoutWords = {
  is: 'lvs_timeouts',
  takes: 'OPTION …',
  means: 'how long connections without packets are kept',
  options: [
    { names: ['tcp'], ...timeout, means: 'established connections of TCP' },
    { names: ['tcpfin'], ...timeout, means: 'connections of TCP after FIN' },
    { names: ['udp'], ...timeout, means: 'flows of UDP' },
  ],
} as const satisfies LineFacts

export const methodWords = {
  is: 'a forwarding method',
  takes: 'NAT | DR | TUN [OPTION …] | FNAT',
  means: 'TUN without a type is ipip',
  options: [
    { names: ['type'], takes: 'ipip|gue|gre', default: 'ipip', means: 'the kind of tunnel' },
    {
      names: ['port'],
      takes: 'PORT',
      min: 1,
      max: 65_535,
      range: 'needed for gue, and for gue only',
      means: 'where the servers listen',
    },
    { names: ['nocsum'], takes: 'flag', range: 'gue and gre', means: 'no checksum in the outer header' },
    { names: ['csum'], takes: 'flag', range: 'gue and gre', means: 'a checksum in the outer header' },
    { names: ['remcsum'], takes: 'flag', range: 'gue', means: 'remote checksum offload' },
  ],
} as const satisfies LineFacts

export const schedulerWords = {
  is: 'a flag of the scheduler',
  takes: 'NAME [OPTION …]',
  means: 'a scheduler and its flags, which may stand on lines of their own, too',
  options: [
    { names: ['flag-1', 'flag-2', 'flag-3'], takes: 'flag', means: 'raw flags' },
    {
      names: ['sh-fallback', 'mh-fallback'],
      takes: 'flag',
      means: 'another server when the chosen one has weight 0 (flag 1)',
    },
    { names: ['sh-port', 'mh-port'], takes: 'flag', means: 'the port is hashed too (flag 2)' },
    { names: ['ops'], takes: 'flag', range: 'UDP or fwmark', means: 'one-packet scheduling' },
  ],
} as const satisfies LineFacts
