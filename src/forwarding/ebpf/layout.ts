/** What the maps of director.bpf.c hold, byte by byte: src/bpf/structs.h and consts.h in TypeScript. A test compares them. */

import type { ForwardingMethod, SchedulerName } from '../../model/index.ts'
import { struct } from './struct.ts'

/** LAYOUT_VERSION: pinned maps with another one are of no use. */
export const LAYOUT_VERSION = 2
export const LIST_SIZE = 256
export const QUEUE_SIZE = 4096

export const flow = struct('flow', {
  source: 'address',
  target: 'address',
  source_port: 'be16',
  target_port: 'be16',
  protocol: 'u8',
  pad_0: 'u8',
  pad_1: 'u16',
})
export const connection = struct('connection', {
  status: 'u32',
  seen: 'u32',
  timeout: 'u32',
  destination: 'u32',
  address: 'address',
  port: 'be16',
  client_bits: 'u16',
  ifindex: 'u32',
})
export const templateKey = struct('template_key', {
  client: 'address',
  target: 'address',
  target_port: 'be16',
  protocol: 'u8',
  pad: 'u8',
})
export const template = struct('template', { destination: 'u32', seen: 'u32', timeout: 'u32', controlled: 's32' })
export const serviceKeyLayout = struct('service_key', { address: 'address', port: 'be16', protocol: 'u8', pad: 'u8' })
export const service = struct('service', {
  id: 'u32',
  list: 'u32',
  flags: 'u32',
  scheduler: 'u32',
  persistence_timeout: 'u32',
  persistence_mask: 'address',
  port: 'be16',
  pad: 'u16',
})
/** Before the entries of a list. */
export const listHead = struct('destination_list', {
  position: 'u32',
  current_weight: 'u32',
  count: 'u32',
  max_weight: 'u32',
  step: 'u32',
  pad: 'u32',
})
export const listEntry = struct('list_entry', { destination: 'u32', weight: 'u32' })
export const destination = struct('destination', {
  address: 'address',
  port: 'be16',
  protocol: 'u8',
  method: 'u8',
  flags: 'u32',
  service: 'u32',
  virtual_address: 'address',
  virtual_port: 'be16',
  pad: 'u16',
  ifindex: 'u32',
  next_hop: 'address',
  mtu: 'u32',
  upper: 'u32',
  lower: 'u32',
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
  connections: 'u64',
  in_packets: 'u64',
  out_packets: 'u64',
  in_bytes: 'u64',
  out_bytes: 'u64',
})
export const settings = struct('settings', { layout: 'u32', flags: 'u32' })
export const sweeps = struct('sweeps', { last: 'u32', walked: 'u32' })
export const reapArguments = struct('reap_arguments', { count: 'u32', templates: 'u32', removed: 'u32', pad: 'u32' })
export const settleArguments = struct('settle_arguments', {
  destination: 'u32',
  embryo_active: 's32',
  embryo_total: 's32',
  pad: 'u32',
})

export const SERVICE_PERSISTENT = 1
export const SERVICE_ONE_PACKET = 2
export const DESTINATION_USED = 1
export const DESTINATION_AVAILABLE = 2
export const DESTINATION_LOCAL = 4
export const SETTINGS_ANY_PORT = 1
export const STATE_MASK = 0xff
export const CONNECTION_ACTIVE = 0x100
export const CONNECTION_REPLY = 0x200
export const CONNECTION_NAT = 0x400

/** SCHEDULER_*: the number is the position. */
export const schedulerNames = ['rr', 'wrr', 'lc', 'wlc'] as const satisfies readonly SchedulerName[]
/** METHOD_*. */
export const methodNumbers = { nat: 0, dr: 3 } as const satisfies Partial<Record<ForwardingMethod, number>>
export const protocolNumbers = { tcp: 6, udp: 17 } as const
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

/** Why packets left the program, in the order of `enum exit`. */
export const exitNames = [
  'forwarded',
  'replied',
  'icmp-relayed',
  'local',
  'not-to-us',
  'not-ipv4',
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
  'promotion-failed',
  'room-made',
] as const
