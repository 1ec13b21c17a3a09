/** One command line of ipvsadm 1.31 as a request, or what it answers instead. */

import { assertNever, familyOf, type IpAddress, isMulticast, parseAddress } from '../../base/index.ts'
import type { Destination, Service } from '../../forwarding/index.ts'
import {
  type ForwardingMethod,
  type Protocol,
  type SchedulerFlag,
  type SchedulerName,
  type ServiceAddress,
  schedulerFlags,
  type Tunnel,
} from '../../model/index.ts'
import { type Names, parseEndpoint, parseHost } from './address-text.ts'
import { decimal } from './number-text.ts'
import {
  type CommandName,
  commandRules,
  type IpvsadmOption,
  type OptionClass,
  optionClasses,
  options,
  type Rule,
  tunnelClasses,
  tunnelRules,
} from './options.ts'
import { splitWords } from './popt.ts'
import type { ListForm, Refusal, Request } from './request.ts'

export type ParsedLine =
  | { readonly type: 'request'; readonly request: Request }
  | { readonly type: 'refused'; readonly refusal: Refusal }
  /** To be parsed again once this host's address is known. */
  | { readonly type: 'ask'; readonly host: string }

/** In the middle of a parse: what ends it. */
type Stop = Exclude<ParsedLine, { readonly type: 'request' }>

const usage = (message: string): Stop => ({ type: 'refused', refusal: { exitCode: 2, message, ends: true } })
const tryHelp: Stop = {
  type: 'refused',
  refusal: {
    exitCode: 255,
    message: "Try `ipvsadm -h' or 'ipvsadm --help' for more information.",
    ends: true,
  },
}

const wrongMask = 'illegal virtual server persistent mask specified'
const longestTimeout = 31 * 24 * 3600
/** What -p means without a number. */
const defaultPersistence = 360
const greatest = 2 ** 31 - 1

/** What the options have set so far. */
type Draft = {
  given: Set<OptionClass>
  command: CommandName
  role?: 'master' | 'backup'
  protocol?: Protocol
  address?: IpAddress
  port: number
  mark: number
  family: 4 | 6
  /** Leading bits of the persistence mask; undefined: it has holes. */
  prefix: number | undefined
  scheduler: string
  persistence?: number
  engine?: string
  /** FULLNAT's addresses towards servers. */
  localAddresses?: readonly IpAddress[]
  flags?: string
  server?: IpAddress
  serverPort: number
  method: ForwardingMethod
  weight: number
  upper: number
  lower: number
  tunnel: Tunnel['type']
  tunnelPort: number
  checksum: Tunnel['checksum']
  syncId: number
  interface?: string
  maxLength?: number
  group?: IpAddress
  groupPort?: number
  ttl?: number
}

/** @param restoring  a line of restore input, which may not restore again */
export function parseCommandLine(argv: readonly string[], names: Names, restoring = false): ParsedLine {
  if (argv.length === 0 && !restoring) return requested(listAll)
  const { steps, rest } = splitWords<IpvsadmOption>(argv, options)
  const [first, ...others] = steps
  if (first?.type !== 'option' || first.option.command === undefined) return tryHelp
  const { command } = first.option
  if (command === 'help' || command === 'version') return requested({ type: command })
  if (command === 'restore' && restoring) return tryHelp

  const draft: Draft = {
    given: new Set(),
    command,
    port: 0,
    mark: 0,
    family: 4,
    prefix: 32,
    scheduler: '',
    serverPort: 0,
    method: 'dr',
    weight: 1,
    upper: 0,
    lower: 0,
    tunnel: 'ipip',
    tunnelPort: 0,
    checksum: 'none',
    syncId: 0,
  }
  if (command === 'start-daemon' || command === 'stop-daemon') {
    const role = first.value
    if (role !== 'master' && role !== 'backup')
      return usage(
        command === 'start-daemon' ? 'illegal start-daemon parameter specified' : 'illegal start_daemon specified',
      )
    draft.role = role
  }
  for (const step of others) {
    if (step.type === 'bad')
      return { type: 'refused', refusal: { exitCode: 255, message: `${step.word}: ${step.reason}`, ends: false } }
    const { option, value = '', word } = step
    if (option.command !== undefined) return usage(`invalid option \`${word}'`)
    if (option.class !== undefined) {
      if (draft.given.has(option.class)) return usage(`multiple '${option.class}' options specified`)
      draft.given.add(option.class)
    }
    const stop = takeOption(draft, option, step.value === undefined ? undefined : value, names)
    if (stop !== undefined) return stop
  }
  return finish(draft, rest)
}

function takeOption(draft: Draft, option: IpvsadmOption, value: string | undefined, names: Names): Stop | undefined {
  const text = value ?? ''
  /** Sets a number of the draft, or complains. */
  const number = (min: number, max: number, complaint: string, set: (number: number) => void): Stop | undefined => {
    const parsed = decimal(text, min, max)
    if (parsed === undefined) return usage(complaint)
    set(parsed)
    return undefined
  }
  switch (option.long) {
    case 'tcp-service':
      return takeService(draft, 'tcp', text, names)
    case 'udp-service':
      return takeService(draft, 'udp', text, names)
    case 'sctp-service':
      return takeService(draft, 'sctp', text, names)
    case 'fwmark-service':
      draft.protocol = 'tcp'
      return number(1, 2 ** 32 - 1, `invalid fwmark value \`${text}' specified`, (mark) => {
        draft.mark = mark
      })
    case 'ipv6':
      if (draft.mark === 0) return usage('-6 used before -f\n')
      draft.family = 6
      draft.prefix = 128
      return undefined
    case 'scheduler':
      draft.scheduler = text.slice(0, 15)
      return undefined
    case 'persistent':
      if (value === undefined) {
        draft.persistence = defaultPersistence
        return undefined
      }
      return number(1, longestTimeout, `invalid timeout value \`${text}' specified`, (seconds) => {
        draft.persistence = seconds
      })
    case 'netmask':
      return takeMask(draft, text, names)
    case 'real-server': {
      const parsed = parseEndpoint(text, draft.protocol, names)
      if (parsed.type === 'ask') return parsed
      if (parsed.type === 'wrong') return usage('illegal real server address[:port] specified')
      draft.server = parsed.endpoint.address
      draft.serverPort = parsed.endpoint.portGiven ? parsed.endpoint.port : draft.port
      return undefined
    }
    case 'masquerading':
      draft.method = 'nat'
      return undefined
    case 'ipip':
      draft.method = 'tun'
      return undefined
    case 'fullnat':
      draft.method = 'fullnat'
      return undefined
    case 'gatewaying':
      draft.method = 'dr'
      return undefined
    case 'weight':
      return number(0, greatest, 'illegal weight specified', (weight) => {
        draft.weight = weight
      })
    case 'u-threshold':
      return number(0, greatest, 'illegal u_threshold specified', (limit) => {
        draft.upper = limit
      })
    case 'l-threshold':
      return number(0, greatest, 'illegal l_threshold specified', (limit) => {
        draft.lower = limit
      })
    case 'mcast-interface':
      draft.interface = text.slice(0, 15)
      return undefined
    case 'syncid':
      return number(0, 255, 'illegal syncid specified', (id) => {
        draft.syncId = id
      })
    case 'sync-maxlen':
      return number(1, 65_507, 'illegal sync-maxlen specified', (length) => {
        draft.maxLength = length
      })
    case 'mcast-port':
      return number(1, 65_535, 'illegal mcast-port specified', (port) => {
        draft.groupPort = port
      })
    case 'mcast-ttl':
      return number(1, 255, 'illegal mcast-ttl specified', (ttl) => {
        draft.ttl = ttl
      })
    case 'mcast-group': {
      const group = parseAddress(text)
      if (group === undefined || !isMulticast(group))
        return usage(`invalid ${text.includes(':') ? 'IPv6' : 'IPv4'} mcast-group \`${text}'`)
      draft.group = group
      return undefined
    }
    case 'pe':
      draft.engine = text.slice(0, 16)
      return undefined
    case 'laddr': {
      const addresses = text.split(',').map(parseAddress)
      const known = addresses.filter((one) => one !== undefined)
      if (known.length < addresses.length) return usage('illegal local address specified')
      draft.localAddresses = known
      return undefined
    }
    case 'sched-flags':
      draft.flags = text
      return undefined
    case 'tun-type':
      if (text !== 'ipip' && text !== 'gue' && text !== 'gre') return usage('illegal tunnel type specified')
      draft.tunnel = text
      return undefined
    case 'tun-port':
      return number(1, 65_535, 'illegal tunnel port specified', (port) => {
        draft.tunnelPort = port
      })
    case 'tun-csum':
      draft.checksum = 'checksum'
      return undefined
    case 'tun-remcsum':
      draft.checksum = 'remote-checksum'
      return undefined
    default:
      // What it says stands in `given`.
      return undefined
  }
}

function takeService(draft: Draft, protocol: Protocol, text: string, names: Names): Stop | undefined {
  const parsed = parseEndpoint(text, protocol, names)
  if (parsed.type === 'ask') return parsed
  if (parsed.type === 'wrong') return usage('illegal virtual server address[:port] specified')
  draft.protocol = protocol
  draft.address = parsed.endpoint.address
  draft.port = parsed.endpoint.port
  draft.family = familyOf(parsed.endpoint.address)
  if (draft.family === 6) draft.prefix = 128
  return undefined
}

function takeMask(draft: Draft, text: string, names: Names): Stop | undefined {
  if (draft.family === 6) {
    const bits = decimal(text, 1, 128)
    if (bits === undefined) return usage('illegal ipv6 netmask specified')
    draft.prefix = bits
    return undefined
  }
  const mask = parseHost(text, names)
  if (mask === undefined) return { type: 'ask', host: text }
  if (mask === 'unknown') return usage(wrongMask)
  draft.prefix = leadingBits(mask)
  return undefined
}

/** 24 for 255.255.255.0; undefined for a mask with holes. */
function leadingBits(mask: IpAddress): number | undefined {
  const bits = mask
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('')
  return /^1*0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : undefined
}

/** The checks that come when all options have been read, in ipvsadm's order. */
function finish(draft: Draft, rest: readonly string[]): ParsedLine {
  const { command, given } = draft
  let words = rest
  let timeouts = { tcp: 0, tcpFin: 0, udp: 0 }
  if (command === 'set') {
    if (words.length < 3) return usage('--set option requires 3 timeout values')
    const numbers = words.slice(0, 3).map((word) => decimal(word, 0, longestTimeout))
    const wrong = numbers.indexOf(undefined)
    if (wrong >= 0) return usage(`invalid timeout value \`${words[wrong]}' specified`)
    const [tcp = 0, tcpFin = 0, udp = 0] = numbers
    timeouts = { tcp, tcpFin, udp }
    words = words.slice(3)
  }
  if (words[0] !== undefined) return usage(`unexpected argument ${words[0]}`)
  const flags = flagsOf(draft)
  if (typeof flags === 'string') return usage(flags)
  const refused = ruleBroken(given, optionClasses, commandRules[command], 'with the', 'for the', `${command}' command`)
  if (refused !== undefined) return usage(refused)

  switch (command) {
    case 'add-service':
    case 'edit-service': {
      const marked = draft.mark !== 0
      if (!marked && draft.port === 0 && draft.persistence === undefined)
        return usage('Zero port specified for non-persistent service')
      if (given.has('ops') && !marked && draft.protocol !== 'udp')
        return usage('One-Packet Scheduling is only for UDP virtual services')
      // ipvsadm lets a mask have holes; no backend of ours holds one.
      if (draft.prefix === undefined && draft.persistence !== undefined) return usage(wrongMask)
      if (draft.localAddresses?.some((one) => familyOf(one) !== draft.family))
        return usage('Local addresses are of the address family of the virtual service')
      return requested({ type: command, service: serviceOf(draft, flags) })
    }
    case 'add-server':
    case 'edit-server': {
      const marked = draft.mark !== 0
      if (!marked && draft.method !== 'nat' && draft.method !== 'fullnat') draft.serverPort = draft.port
      if (draft.server !== undefined && familyOf(draft.server) !== draft.family && draft.method !== 'tun')
        return usage('Different address family is allowed only for tunneling servers')
      const tunnelled = given.has('tun-type') || tunnelClasses.some((name) => given.has(name))
      if (tunnelled && draft.method !== 'tun') return usage('Tunnel options conflict with forward method')
      const broken = ruleBroken(
        given,
        tunnelClasses,
        tunnelRules[draft.tunnel],
        'with the',
        'for the',
        `${draft.tunnel}' tunnel type`,
      )
      if (broken !== undefined) return usage(broken)
      return requested({ type: command, service: addressOf(draft), server: serverOf(draft) })
    }
    case 'delete-server':
      return requested({ type: command, service: addressOf(draft), server: serverOf(draft) })
    case 'delete-service':
      return requested({ type: command, service: addressOf(draft) })
    case 'zero':
      return requested(
        given.has('service-address') && !isNothing(draft)
          ? { type: 'zero', service: addressOf(draft) }
          : { type: 'zero' },
      )
    case 'list':
      return listRequest(draft)
    case 'save':
      return requested({ type: 'save', numeric: given.has('numeric') })
    case 'flush':
    case 'restore':
      return requested({ type: command })
    case 'set':
      return requested({ type: 'set-timeouts', timeouts })
    case 'start-daemon':
    case 'stop-daemon':
      return daemonRequest(draft)
    default:
      return assertNever(command)
  }
}

/** The first class that the rules do not let be given, or miss, in words. */
function ruleBroken(
  given: ReadonlySet<OptionClass>,
  classes: readonly OptionClass[],
  rules: Readonly<Partial<Record<OptionClass, Rule>>>,
  withWhat: string,
  forWhat: string,
  what: string,
): string | undefined {
  let exclusive: OptionClass | undefined
  for (const name of classes) {
    const rule = rules[name]
    if (!given.has(name)) {
      if (rule === 'needed') return `You need to supply the '${name}' option ${forWhat} '${what}`
      continue
    }
    if (rule === undefined) return `Illegal '${name}' option ${withWhat} '${what}`
    if (rule !== 'one') continue
    if (exclusive !== undefined) return `The option '${name}' conflicts with the '${exclusive}' option in the '${what}`
    exclusive = name
  }
  return undefined
}

const ownFlags: Readonly<Record<string, readonly string[]>> = {
  sh: ['sh-fallback', 'sh-port'],
  mh: ['mh-fallback', 'mh-port'],
}

/** The scheduler's flags, or what is wrong with them. */
function flagsOf({ flags = '', scheduler }: Draft): readonly SchedulerFlag[] | string {
  const found = new Set<SchedulerFlag>()
  for (const word of flags.split(',').filter((part) => part !== '')) {
    const plain = schedulerFlags.find((name) => name === word)
    const owner = Object.keys(ownFlags).find((name) => ownFlags[name]?.includes(word))
    const own = owner === undefined ? undefined : schedulerFlags[ownFlags[owner]?.indexOf(word) ?? -1]
    if (plain === undefined && own === undefined) return `invalid scheduler flag \`${word}'`
    if (owner !== undefined && owner !== scheduler) return `incompatible scheduler flag \`${word}'`
    const flag = plain ?? own
    if (flag !== undefined) found.add(flag)
  }
  return schedulerFlags.filter((flag) => found.has(flag))
}

const isNothing = ({ mark, address, port }: Draft): boolean =>
  mark === 0 && port === 0 && (address === '0.0.0.0' || address === '::')

function addressOf({ mark, family, protocol, address, port }: Draft): ServiceAddress {
  if (mark !== 0 || address === undefined || protocol === undefined) return { kind: 'fwmark', family, mark }
  return { kind: 'address', protocol, address, port }
}

function serviceOf(draft: Draft, flags: readonly SchedulerFlag[]): Service {
  const { persistence, prefix = 32, engine, given, localAddresses } = draft
  return {
    address: addressOf(draft),
    // A name that nobody knows is the backend's to refuse, as ipvsadm leaves it to the kernel.
    scheduler: (draft.scheduler === '' ? 'wlc' : draft.scheduler) as SchedulerName,
    ...(flags.length === 0 ? {} : { schedulerFlags: flags }),
    ...(persistence === undefined ? {} : { persistence: { timeout: persistence, prefixLength: prefix } }),
    ...(engine === undefined || engine === '' ? {} : { persistenceEngine: engine }),
    onePacket: given.has('ops'),
    ...(localAddresses === undefined ? {} : { localAddresses }),
    ...(given.has('toa') ? { tcpOptionAddress: true } : {}),
  }
}

function serverOf(draft: Draft): Destination {
  const { server = '0.0.0.0' as IpAddress, tunnel, tunnelPort, checksum } = draft
  return {
    address: server,
    port: draft.serverPort,
    weight: draft.weight,
    method: draft.method,
    ...(tunnel === 'ipip' ? {} : { tunnel: { type: tunnel, port: tunnelPort, checksum } }),
    upperThreshold: draft.upper,
    lowerThreshold: draft.lower,
  }
}

const forms: readonly Exclude<ListForm, 'plain'>[] = ['stats', 'rate', 'thresholds', 'persistent-conn', 'tun-info']

function listRequest(draft: Draft): ParsedLine {
  const { given } = draft
  const numeric = given.has('numeric')
  const instead = given.has('connection') || given.has('timeout') || given.has('daemon')
  const counted = given.has('stats') || given.has('rate') || given.has('thresholds')
  const engines = given.has('persistent-conn')
  if (instead && (counted || (engines && !given.has('connection'))))
    return usage('options conflicts in the list command')
  if (given.has('connection')) return requested({ type: 'list-connections', numeric, engines })
  if (given.has('timeout')) return requested({ type: 'list-timeouts' })
  if (given.has('daemon')) return requested({ type: 'list-daemons' })
  if (given.has('exits')) return requested({ type: 'list-exits' })
  return requested({
    type: 'list',
    form: forms.find((form) => given.has(form)) ?? 'plain',
    ...(given.has('service-address') ? { service: addressOf(draft) } : {}),
    numeric,
    exact: given.has('exact'),
    sorted: !given.has('nosort'),
  })
}

const listAll: Request = { type: 'list', form: 'plain', numeric: false, exact: false, sorted: true }

function daemonRequest({ command, role = 'master', maxLength, group, groupPort, ttl, ...draft }: Draft): ParsedLine {
  if (command === 'stop-daemon') return requested({ type: 'stop-daemon', role })
  return requested({
    type: 'start-daemon',
    daemon: {
      role,
      interface: draft.interface ?? 'eth0',
      syncId: draft.syncId,
      ...(maxLength === undefined ? {} : { maxLength }),
      ...(group === undefined ? {} : { group }),
      ...(groupPort === undefined ? {} : { port: groupPort }),
      ...(ttl === undefined ? {} : { ttl }),
    },
  })
}

const requested = (request: Request): ParsedLine => ({ type: 'request', request })
