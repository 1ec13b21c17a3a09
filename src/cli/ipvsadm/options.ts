/** ipvsadm 1.31's commands and options, and which go together. */

import type { OptionForm } from './popt.ts'

/** By the long names that messages use. */
export const commands = [
  'add-service',
  'edit-service',
  'delete-service',
  'flush',
  'add-server',
  'edit-server',
  'delete-server',
  'list',
  'save',
  'restore',
  'zero',
  'set',
  'start-daemon',
  'stop-daemon',
] as const
export type CommandName = (typeof commands)[number]

/** What may be given once, in the order in which it is complained about. */
export const optionClasses = [
  'numeric',
  'connection',
  'service-address',
  'scheduler',
  'persistent',
  'netmask',
  'real-server',
  'forwarding-method',
  'weight',
  'u-threshold',
  'l-threshold',
  'mcast-interface',
  'timeout',
  'daemon',
  'stats',
  'rate',
  'thresholds',
  'persistent-conn',
  'nosort',
  'syncid',
  'exact',
  'ops',
  'pe',
  'sched-flags',
  'mcast-group',
  'mcast-port',
  'mcast-ttl',
  'sync-maxlen',
  'tun-info',
  'tun-type',
  'tun-port',
  'tun-nocsum',
  'tun-csum',
  'tun-remcsum',
  // Holdfast's own.
  'exits',
  'laddr',
  'toa',
] as const
export type OptionClass = (typeof optionClasses)[number]

export type IpvsadmOption = OptionForm & {
  readonly command?: CommandName | 'help' | 'version'
  readonly class?: OptionClass
}

const command = (name: CommandName | 'help' | 'version', long: string, short?: string): IpvsadmOption => ({
  long,
  ...(short === undefined ? {} : { short }),
  value: 'none',
  command: name,
})
const flag = (name: OptionClass, long: string, short?: string): IpvsadmOption => ({
  long,
  ...(short === undefined ? {} : { short }),
  value: 'none',
  class: name,
})
const valued = (name: OptionClass, long: string, short?: string): IpvsadmOption => ({
  ...flag(name, long, short),
  value: 'required',
})

export const options: readonly IpvsadmOption[] = [
  command('add-service', 'add-service', 'A'),
  command('edit-service', 'edit-service', 'E'),
  command('delete-service', 'delete-service', 'D'),
  command('flush', 'clear', 'C'),
  command('list', 'list', 'L'),
  { short: 'l', long: '', value: 'none', command: 'list' },
  command('zero', 'zero', 'Z'),
  command('add-server', 'add-server', 'a'),
  command('edit-server', 'edit-server', 'e'),
  command('delete-server', 'delete-server', 'd'),
  command('set', 'set'),
  command('help', 'help', 'h'),
  command('version', 'version', 'v'),
  command('restore', 'restore', 'R'),
  command('save', 'save', 'S'),
  { long: 'start-daemon', value: 'required', command: 'start-daemon' },
  { long: 'stop-daemon', value: 'required', command: 'stop-daemon' },
  valued('service-address', 'tcp-service', 't'),
  valued('service-address', 'udp-service', 'u'),
  valued('service-address', 'sctp-service'),
  valued('service-address', 'fwmark-service', 'f'),
  valued('scheduler', 'scheduler', 's'),
  { long: 'persistent', short: 'p', value: 'optional', class: 'persistent' },
  valued('netmask', 'netmask', 'M'),
  valued('real-server', 'real-server', 'r'),
  flag('forwarding-method', 'masquerading', 'm'),
  flag('forwarding-method', 'ipip', 'i'),
  flag('forwarding-method', 'gatewaying', 'g'),
  flag('forwarding-method', 'fullnat'),
  valued('weight', 'weight', 'w'),
  valued('u-threshold', 'u-threshold', 'x'),
  valued('l-threshold', 'l-threshold', 'y'),
  flag('numeric', 'numeric', 'n'),
  flag('connection', 'connection', 'c'),
  valued('mcast-interface', 'mcast-interface'),
  valued('syncid', 'syncid'),
  flag('timeout', 'timeout'),
  flag('daemon', 'daemon'),
  flag('stats', 'stats'),
  flag('rate', 'rate'),
  flag('thresholds', 'thresholds'),
  flag('persistent-conn', 'persistent-conn'),
  flag('nosort', 'nosort'),
  { long: 'sort', value: 'none' },
  flag('exact', 'exact', 'X'),
  { long: 'ipv6', short: '6', value: 'none' },
  flag('ops', 'ops', 'o'),
  valued('pe', 'pe'),
  valued('sched-flags', 'sched-flags', 'b'),
  valued('sync-maxlen', 'sync-maxlen'),
  valued('mcast-group', 'mcast-group'),
  valued('mcast-port', 'mcast-port'),
  valued('mcast-ttl', 'mcast-ttl'),
  flag('tun-info', 'tun-info'),
  valued('tun-type', 'tun-type'),
  valued('tun-port', 'tun-port'),
  flag('tun-nocsum', 'tun-nocsum'),
  flag('tun-csum', 'tun-csum'),
  flag('tun-remcsum', 'tun-remcsum'),
  flag('exits', 'exits'),
  valued('laddr', 'laddr'),
  flag('toa', 'toa'),
]

/** `one`: at most one of those with this word may be given. */
export type Rule = 'needed' | 'allowed' | 'one'

const serviceOptions = {
  'service-address': 'needed',
  scheduler: 'allowed',
  persistent: 'allowed',
  netmask: 'allowed',
  ops: 'allowed',
  pe: 'allowed',
  'sched-flags': 'allowed',
  laddr: 'allowed',
  toa: 'allowed',
} as const
const serverOptions = {
  'service-address': 'needed',
  'real-server': 'needed',
  'forwarding-method': 'allowed',
  weight: 'allowed',
  'u-threshold': 'allowed',
  'l-threshold': 'allowed',
  'tun-type': 'allowed',
  'tun-port': 'allowed',
  'tun-nocsum': 'allowed',
  'tun-csum': 'allowed',
  'tun-remcsum': 'allowed',
} as const

/** A class that is not named is forbidden. */
export const commandRules: Readonly<Record<CommandName, Readonly<Partial<Record<OptionClass, Rule>>>>> = {
  'add-service': serviceOptions,
  'edit-service': serviceOptions,
  'delete-service': { 'service-address': 'needed' },
  flush: {},
  'add-server': serverOptions,
  'edit-server': serverOptions,
  'delete-server': { 'service-address': 'needed', 'real-server': 'needed' },
  list: {
    numeric: 'allowed',
    connection: 'one',
    'service-address': 'one',
    timeout: 'one',
    daemon: 'one',
    exits: 'one',
    stats: 'allowed',
    rate: 'allowed',
    thresholds: 'allowed',
    'persistent-conn': 'allowed',
    nosort: 'allowed',
    syncid: 'allowed',
    exact: 'allowed',
    'tun-info': 'allowed',
  },
  save: { numeric: 'allowed' },
  restore: {},
  zero: { 'service-address': 'allowed' },
  set: {},
  'start-daemon': {
    'mcast-interface': 'allowed',
    syncid: 'allowed',
    'sync-maxlen': 'allowed',
    'mcast-group': 'allowed',
    'mcast-port': 'allowed',
    'mcast-ttl': 'allowed',
  },
  'stop-daemon': { syncid: 'allowed' },
}

export const tunnelRules = {
  ipip: {},
  gue: { 'tun-port': 'needed', 'tun-nocsum': 'one', 'tun-csum': 'one', 'tun-remcsum': 'one' },
  gre: { 'tun-nocsum': 'one', 'tun-csum': 'one' },
} as const satisfies Readonly<Record<string, Readonly<Partial<Record<OptionClass, Rule>>>>>
export const tunnelClasses = ['tun-port', 'tun-nocsum', 'tun-csum', 'tun-remcsum'] as const satisfies OptionClass[]
