import { routeTypes } from '../../../model/index.ts'
import { MOST_32, routePreferences, routeTimes } from '../bounds.ts'
import type { LineFacts, OptionFacts } from './facts.ts'
import { noTrack, protocol, trackGroup } from './kernel-item.ts'

const hopOptions = [
  { names: ['via'], takes: '[inet|inet6] ADDRESS', means: 'the gateway' },
  { names: ['gw'], takes: '[inet|inet6] ADDRESS', means: 'the gateway', instead: 'via' },
  { names: ['dev', 'oif'], takes: 'IF', means: 'the interface' },
  { names: ['onlink'], takes: 'flag', means: 'the gateway can be reached though no prefix has it' },
  {
    names: ['encap'],
    takes: 'ip OPTION … | ip6 OPTION … | mpls LABELS | ila LOCATOR',
    range: 'labels below 2²⁰ with / between them; a locator is four groups of hexadecimal digits',
    inner: ['encap ip', 'encap ip6'],
    means: 'what packets are put into',
  },
  { names: ['realms'], takes: 'REALMS', range: '[FROM/]TO, numbers or names; IPv4 only', means: 'the realm' },
] as const satisfies readonly OptionFacts[]

const word32 = { min: 0, max: MOST_32 } as const
const time = {
  takes: '[lock] TIME',
  range: `N in the kernel's unit, Nms or Ns; brought within ${routeTimes.least / 1000}–${routeTimes.most / 1000} s`,
} as const

/** static_routes, virtual_routes. */
export const routeLine = {
  is: 'a route',
  takes: '[OPTION …] [TYPE] [OPTION …] PREFIX|default|any|all|default6 [OPTION …]',
  means: `where packets to a prefix go; TYPE is ${routeTypes.join(', ')} or its number`,
  options: [
    ...hopOptions,
    { names: ['inet', 'inet6'], takes: 'flag', means: 'its family' },
    { names: ['to'], takes: 'flag', means: 'the destination follows' },
    { names: ['src'], takes: 'ADDRESS', means: 'the source address that is preferred' },
    { names: ['from'], takes: 'PREFIX', range: 'IPv6 only', means: 'for packets from there only' },
    { names: ['tos', 'dsfield'], takes: 'DSFIELD', min: 0, max: 255, default: 0, means: 'for packets with it only' },
    { names: ['table'], takes: 'TABLE', ...word32, default: 'main', means: 'the table that it is in' },
    { names: ['vrf'], takes: 'IF', means: 'the VRF whose table it is in' },
    protocol,
    {
      names: ['scope'],
      takes: 'SCOPE',
      min: 0,
      max: 255,
      without: 'by its type',
      range: 'IPv4 only',
      means: 'how far it goes',
    },
    { names: ['metric', 'priority', 'preference'], takes: 'N', ...word32, means: 'the least is taken first' },
    { names: ['expires'], takes: 'SECONDS', ...word32, range: 'IPv6 only', means: 'the kernel removes it then' },
    { names: ['mtu'], takes: '[lock] N', ...word32, means: 'the largest packet; lock: whatever is learned' },
    { names: ['advmss'], takes: '[lock] N', ...word32, means: 'the segment size that TCP advertises' },
    { names: ['reordering'], takes: '[lock] N', ...word32, means: 'how many segments TCP expects out of order' },
    { names: ['cwnd'], takes: '[lock] N', ...word32, means: 'the most that the congestion window is' },
    { names: ['ssthresh'], takes: '[lock] N', ...word32, means: 'the slow start threshold' },
    { names: ['rtt'], ...time, means: 'the round trip time to begin with; unit 1/8 ms' },
    { names: ['rttvar'], ...time, means: 'how it varies, to begin with; unit 1/4 ms' },
    { names: ['rto_min'], ...time, means: 'the shortest retransmission timeout; unit 1 ms' },
    { names: ['window'], takes: 'N', ...word32, means: 'the most that TCP advertises as window, in bytes' },
    { names: ['initcwnd'], takes: 'N', ...word32, means: 'the congestion window to begin with' },
    { names: ['initrwnd'], takes: 'N', ...word32, means: 'the receive window to begin with' },
    { names: ['hoplimit'], takes: 'N', min: 0, max: 255, means: 'the hop limit of packets' },
    { names: ['features'], takes: 'ecn', means: 'what TCP uses' },
    { names: ['quickack'], takes: 'N', min: 0, max: 1, means: 'acknowledge at once' },
    { names: ['fastopen_no_cookie'], takes: 'N', min: 0, max: 1, means: 'TCP fast open without cookie' },
    { names: ['congctl'], takes: '[lock] ALGORITHM', longest: 15, means: 'the congestion control' },
    {
      names: ['pref'],
      takes: `${Object.keys(routePreferences).join('|')}|N`,
      min: 0,
      max: 255,
      range: 'IPv6 only',
      means: 'its preference as routers advertise it',
    },
    { names: ['ttl-propagate'], takes: 'enabled|disabled', means: 'whether MPLS takes the TTL over' },
    { names: ['add', 'append', 'prepend'], takes: 'flag', default: 'prepend', means: 'where it goes among its like' },
    {
      names: ['nexthop'],
      takes: 'HOP',
      inner: ['nexthop'],
      range: 'after all other options',
      means: 'one of several gateways',
    },
    { names: ['or'], takes: 'ADDRESS', means: 'a second gateway', instead: 'nexthop' },
    { names: ['as'], takes: '[to] ADDRESS', means: 'no kernel has it; the line is refused' },
    noTrack,
    trackGroup('routes'),
  ],
} as const satisfies LineFacts

/** What follows nexthop. */
export const nextHop = {
  is: 'a next hop',
  takes: '[OPTION …]',
  means: 'one of several gateways of a route; via or dev is needed',
  options: [...hopOptions, { names: ['weight'], takes: 'N', min: 1, max: 256, default: 1, means: 'its share' }],
} as const satisfies LineFacts

const tunnelId = {
  names: ['id'],
  takes: 'TUNNEL',
  range: 'at most 64 bits',
  means: 'the id of the tunnel',
} as const satisfies OptionFacts
const ends = [
  { names: ['dst'], takes: 'ADDRESS', means: 'the outer destination' },
  { names: ['src'], takes: 'ADDRESS', means: 'the outer source' },
  { names: ['flags'], takes: 'N', anyBase: true, min: 0, max: 0xffff, means: 'of the tunnel' },
] as const satisfies readonly OptionFacts[]

/** What follows encap ip. */
export const encapIp = {
  is: 'encap ip',
  takes: '[OPTION …]',
  means: 'an outer header of IPv4; id or dst is needed',
  options: [
    tunnelId,
    ...ends,
    { names: ['tos'], takes: 'N', anyBase: true, min: 0, max: 255, means: 'the outer type of service' },
    { names: ['ttl'], takes: 'N', anyBase: true, min: 0, max: 255, means: 'the outer time to live' },
  ],
} as const satisfies LineFacts

/** What follows encap ip6. */
export const encapIp6 = {
  is: 'encap ip6',
  takes: '[OPTION …]',
  means: 'an outer header of IPv6; id or dst is needed',
  options: [
    tunnelId,
    ...ends,
    { names: ['tc'], takes: 'N', anyBase: true, min: 0, max: 255, means: 'the outer traffic class' },
    { names: ['hoplimit'], takes: 'N', anyBase: true, min: 0, max: 255, means: 'the outer hop limit' },
  ],
} as const satisfies LineFacts
