/** What the maps of director.bpf.c hold, byte by byte: src/bpf/structs.h and consts.h in TypeScript. A test compares them. */

import type { ForwardingMethod, Protocol, SchedulerFlag, SchedulerName, Tunnel } from '../../model/index.ts'
import { struct } from './struct.ts'

/** LAYOUT_VERSION: pinned maps with another one are of no use. */
export const LAYOUT_VERSION = 5
export const QUEUE_SIZE = 4096
export const ARRIVALS_SIZE = 1024

/** Structs that exist once a family. */
function familyLayout(address: 'address' | 'address6') {
  return {
    flow: struct('flow', {
      source: address,
      target: address,
      source_port: 'be16',
      target_port: 'be16',
      protocol: 'u8',
      pad_0: 'u8',
      pad_1: 'u16',
    }),
    connection: struct('connection', {
      status: 'u32',
      seen: 'u32',
      timeout: 'u32',
      destination: 'u32',
      address,
      local: address,
      port: 'be16',
      local_port: 'be16',
      ifindex: 'u32',
      packets: 'u32',
      delta: 'u32',
    }),
    templateKey: struct('template_key', {
      client: address,
      target: address,
      target_port: 'be16',
      protocol: 'u8',
      pad: 'u8',
    }),
    serviceKey: struct('service_key', { address, port: 'be16', protocol: 'u8', pad: 'u8' }),
  }
}
export const ipv4 = familyLayout('address')
export const ipv6 = familyLayout('address6')

export const template = struct('template', {
  destination: 'u32',
  seen: 'u32',
  timeout: 'u32',
  controlled: 's32',
  flags: 'u32',
  half_open: 's32',
  half_open_until: 'u32',
})
export const service = struct('service', {
  id: 'u32',
  list: 'u32',
  flags: 'u32',
  scheduler: 'u32',
  persistence_timeout: 'u32',
  persistence_bits: 'u32',
  mark: 'u32',
  port: 'be16',
  pad: 'u16',
  locals_start: 'u32',
  locals_count: 'u32',
})
export const listHead = struct('destination_list', {
  position: 'u32',
  current_weight: 'u32',
  count: 'u32',
  start: 'u32',
  max_weight: 'u32',
  step: 'u32',
  buckets_start: 'u32',
  buckets_count: 'u32',
})
export const listEntry = struct('list_entry', { destination: 'u32', weight: 'u32' })
export const destination = struct('destination', {
  flags: 'u32',
  port: 'be16',
  protocol: 'u8',
  method: 'u8',
  family: 'u8',
  tunnel_type: 'u8',
  tunnel_flags: 'u8',
  next_hop_family: 'u8',
  tunnel_port: 'be16',
  pad: 'u16',
  ifindex: 'u32',
  mtu: 'u32',
  address: 'wide',
  next_hop: 'wide',
  tunnel_source: 'wide',
  weight: 'u32',
  service: 'u32',
  virtual_address: 'wide',
  mark: 'u32',
  virtual_port: 'be16',
  virtual_family: 'u8',
  pad_2: 'u8',
  upper: 'u32',
  lower: 'u32',
  last_weight: 'u32',
})
export const load = struct('load', {
  flags: 'u32',
  active: 'u32',
  total: 'u32',
  embryo_active: 'u32',
  embryo_total: 'u32',
  persistent: 'u32',
})
export const traffic = struct('traffic', {
  conns: 'u64',
  in_packets: 'u64',
  out_packets: 'u64',
  in_bytes: 'u64',
  out_bytes: 'u64',
})
export const settings = struct('settings', {
  layout: 'u32',
  flags: 'u32',
  conn_reuse_mode: 'u32',
  drop_rate: 'u32',
  icmp_budget: 'u32',
  udp_timeout: 'u32',
  lblc_expiration: 'u32',
  lblcr_expiration: 'u32',
  tcp_timeouts: 'u32x16',
  sctp_timeouts: 'u32x16',
  port_low: 'u16',
  port_high: 'u16',
  local_low: 'u16',
  local_high: 'u16',
  sequence_secret: 'u32',
  sync_threshold: 'u32',
  sync_period: 'u32',
  sync_refresh_period: 'u32',
  sync_retries: 'u32',
  drop_packet: 'u32',
  drop_entry: 'u32',
  secure_tcp: 'u32',
  am_droprate: 'u32',
  amemthresh: 'u32',
  sync_ports: 'u32',
  sync_sock_size: 'u32',
  sync_version: 'u32',
  marks_ifindex: 'u32',
})
export const outerAddress = struct('wide_address', { address: 'wide' })
export const pathMtu = struct('path_mtu', { mtu: 'u32', until: 'u32' })
export const localityKey = struct('locality_key', { service: 'u32', target: 'wide' })
export const locality = struct('locality', { destination: 'u32', used: 'u32' })
/** Before the members of a set. */
export const replicasHead = struct('replicas', { used: 'u32', changed: 'u32', count: 'u32' })
export const MAX_REPLICAS = 32
export const sweeps = struct('sweeps', { last: 'u32', walked: 'u32' })
export const reapArguments = struct('reap_arguments', {
  count: 'u32',
  of_templates: 'u32',
  removed: 'u32',
  living: 'u32',
})
export const settleArguments = struct('settle_arguments', {
  destination: 'u32',
  embryo_active: 's32',
  embryo_total: 's32',
  pad: 'u32',
})

export const takeInArguments = struct('take_in_arguments', {
  count: 'u32',
  of_templates: 'u32',
  as_of: 'u32',
  entered: 'u32',
  renewed: 'u32',
  refused: 'u32',
})

/** Where a bucket has nobody. */
export const NO_DESTINATION = 0xffff_ffff
export const SERVICE_PERSISTENT = 0x01
export const SERVICE_ONE_PACKET = 0x04
export const SERVICE_FALLBACK = 0x08
export const SERVICE_HASH_PORT = 0x10
export const SERVICE_SCHED3 = 0x20
export const SERVICE_TOA = 0x100
/** Where `director` finds the other programs: index of the map `stages`. */
export const REAP_ANY = 1
export const REAP_REMOVED = 2
export const STAGE_ODD = 0
export const STAGE_IPV6 = 1
export const STAGE_ODD6 = 2
export const DESTINATION_USED = 1
export const DESTINATION_AVAILABLE = 2
export const DESTINATION_LOCAL = 4
export const TEMPLATE_ASSURED = 1
/** Seconds that a template stays at a time while connections made through it live. */
export const DEFERRED_TIMEOUT = 60
export const SETTINGS_ANY_PORT = 0x1
export const SETTINGS_MARK = 0x2
export const SETTINGS_EXPIRE_NODEST_CONN = 0x4
export const SETTINGS_EXPIRE_QUIESCENT_TEMPLATE = 0x8
export const SETTINGS_SLOPPY_TCP = 0x10
export const SETTINGS_SLOPPY_SCTP = 0x20
export const SETTINGS_CACHE_BYPASS = 0x40
export const SETTINGS_SCHEDULE_ICMP = 0x80
export const SETTINGS_NAT_ICMP_SEND = 0x100
export const SETTINGS_PMTU_DISC = 0x200
export const SETTINGS_SECURE_TCP = 0x400
export const SETTINGS_NEWS = 0x800
export const SETTINGS_NEWS_OF_TEMPLATES = 0x1000
export const STATE_MASK = 0x0f
export const CONNECTION_ACTIVE = 0x100
export const CONNECTION_REPLY = 0x200
export const CONNECTION_NAT = 0x400
export const CONNECTION_CONTROLLED = 0x800
export const CONNECTION_ANY_PORT = 0x1000
export const CONNECTION_DEAD = 0x2000
export const CONNECTION_EMBRYO = 0x4000
export const CONNECTION_FULLNAT = 0x8000
export const CONNECTION_MARK = 0x10000
export const CONNECTION_NO_OUTPUT = 0x20000
export const CONNECTION_SYNCED = 0x40000
export const CONNECTION_BYPASS = 0x80000
export const CONNECTION_ASSURED = 0x100000
export const CONNECTION_TOA = 0x200000
export const CONNECTION_TOLD = 0x400000
export const CLIENT_BITS_SHIFT = 24

export const METHOD_BYPASS = 4
/** SCHEDULER_*. */
export const schedulerNumbers = {
  rr: 0,
  wrr: 1,
  lc: 2,
  wlc: 3,
  lblc: 4,
  lblcr: 5,
  sh: 6,
  mh: 7,
  dh: 8,
  fo: 9,
  ovf: 10,
  sed: 11,
  nq: 12,
  twos: 13,
} as const satisfies Record<SchedulerName, number>
export const schedulerFlagBits = {
  'flag-1': SERVICE_FALLBACK,
  'flag-2': SERVICE_HASH_PORT,
  'flag-3': SERVICE_SCHED3,
} as const satisfies Record<SchedulerFlag, number>
/** METHOD_*. */
export const methodNumbers = { nat: 0, tun: 2, dr: 3, fullnat: 5 } as const satisfies Record<ForwardingMethod, number>
/** TUNNEL_*. */
export const tunnelNumbers = { ipip: 0, gue: 1, gre: 2 } as const satisfies Record<Tunnel['type'], number>
export const TUNNEL_CSUM = 1
export const TUNNEL_REMCSUM = 2
export const protocolNumbers = { tcp: 6, udp: 17, sctp: 132 } as const satisfies Record<Protocol, number>
/** The kernel's numbers of address families. */
export const AF_INET = 2
export const AF_INET6 = 10

/** Seconds by state; ip_vs_proto_tcp.c. */
export const tcpTimeouts: readonly number[] = [2, 900, 120, 60, 120, 120, 10, 60, 30, 120, 120]
/** Seconds by state; ip_vs_proto_sctp.c. */
export const sctpTimeouts: readonly number[] = [2, 4, 61, 61, 61, 61, 61, 61, 900, 61, 61, 61, 4, 61]
export const UDP_TIMEOUT = 300
/** Of lblc and lblcr. */
export const LOCALITY_EXPIRATION = 86_400
/** ICMP errors that one CPU sends in one second. */
export const ICMP_BUDGET = 1000

/** IPVS's names, by number. */
export const tcpStateNames = [
  'NONE',
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'SYNACK',
] as const
export const sctpStateNames = [
  'NONE',
  'INIT1',
  'INIT',
  'C-SENT',
  'C-REPLIED',
  'C-WAIT',
  'COOKIE',
  'C-ECHOED',
  'ESTABLISHED',
  'S-SENT',
  'S-RECEIVED',
  'S-ACK-SENT',
  'REJECTED',
  'CLOSED',
] as const

/** Why packets left the program, in the order of `enum exit`. */
export const exitNames = [
  'forwarded',
  'replied',
  'icmp-relayed',
  'local',
  'not-to-us',
  'not-ip',
  'vlan',
  'truncated',
  'options',
  'fragment',
  'other-protocol',
  'icmp-other',
  'no-service',
  'no-connection',
  'ftp-data',
  'no-destination',
  'destination-removed',
  'table-full',
  'collision',
  'ttl',
  'too-big',
  'no-route',
  'rewrite-failed',
  'reply-to-stack',
  'icmp-suppressed',
  'stage-missing',
  'fragment-unknown',
  'extension-headers',
  'bypassed',
  'reply-seen',
  'reply-refused',
  'no-local-port',
  'encapsulation-failed',
  'drop-packet',
  'checksum',
  'mark-unused',
  'martian',
  'promotion-failed',
  'room-made',
  'rescheduled',
  'toa-added',
  'toa-no-room',
  'drop-entry',
  'evicted',
  'fast-lane',
  'path-mtu',
  'nodest-expired',
  'news-told',
  'news-lost',
  'news-taken',
  'news-refused',
] as const
