import { type Family, type IpAddress, type Micros, parseAddress } from '../../base/index.ts'
import {
  type Command,
  type KeptLine,
  type Protocol,
  type SchedulerFlag,
  type SchedulerName,
  schedulers,
} from '../../model/index.ts'
import { isOption, type OptionName, optionWords, usualNumber, usualTruth } from '../keywords/index.ts'
import type { Span } from '../report.ts'
import type { Node, Word } from '../syntax/index.ts'
import {
  addressWord,
  alone,
  badValue,
  boolean,
  choice,
  command,
  integer,
  integerWord,
  isInterfaceName,
  type Lowering,
  portWord,
  prefixOfMask,
  rangeOf,
  required,
  timer,
} from './arguments.ts'
import { type Inherited, inheritedLine } from './inherited.ts'
import { keptLines } from './kept-line.ts'
import { type Forwarding, forwardingMethod } from './method.ts'
import { type RealServerDraft, readRealServer } from './real-server.ts'
import { isSource, readServerSource, type ServerSourceDraft } from './server-source.ts'

/** A word that sets a flag of the scheduler; `for` is the only one it is for. */
export type FlagWord = { readonly flag: SchedulerFlag; readonly for?: SchedulerName; readonly word: Word }

const PROTOCOLS = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' } as const

const FLAG_WORDS: Readonly<Record<Exclude<OptionName<'scheduler'>, 'ops'>, Omit<FlagWord, 'word'>>> = {
  'flag-1': { flag: 'flag-1' },
  'flag-2': { flag: 'flag-2' },
  'flag-3': { flag: 'flag-3' },
  'sh-fallback': { flag: 'flag-1', for: 'sh' },
  'sh-port': { flag: 'flag-2', for: 'sh' },
  'mh-fallback': { flag: 'flag-1', for: 'mh' },
  'mh-port': { flag: 'flag-2', for: 'mh' },
}

/** A virtual_server as written: nothing defaulted that depends on another line. */
export type ServerDraft = {
  readonly inherited: Inherited
  readonly servers: RealServerDraft[]
  readonly sources: ServerSourceDraft[]
  readonly scripts: { command: Command; at: Span }[]
  family?: { value: Family; at: Span }
  scheduler?: SchedulerName
  readonly flags: FlagWord[]
  forwarding?: Forwarding | undefined
  protocol?: { value: Protocol; at: Span }
  opsAt?: Span
  persistenceTimeout?: number | undefined
  granularity?: { word: Word; value: number }
  persistenceEngine?: { value: string; at: Span }
  localGroup?: { name: string; at: Span }
  toaAt?: Span
  haSuspendAt?: Span
  snmpName?: string | undefined
  kept: readonly KeptLine[]
  slowStart?: Micros | undefined
  panicThreshold?: number | undefined
  quorum: number
  hysteresis: number
  omega: boolean
  smtpAlert?: boolean | undefined
  inhibitOnFailure: boolean
  weight: number
  quorumUp?: Command | undefined
  quorumDown?: Command | undefined
  sorry?: { address: IpAddress; port: number; at: Span }
  sorryInhibit: boolean
  sorryForwarding?: Forwarding | undefined
}

/** Where nothing is written. */
const usual = {
  quorum: usualNumber('virtual_server', 'quorum'),
  hysteresis: usualNumber('virtual_server', 'hysteresis'),
  omega: usualTruth('virtual_server', 'omega'),
  inhibitOnFailure: usualTruth('virtual_server', 'inhibit_on_failure'),
  weight: usualNumber('virtual_server', 'weight'),
  sorryInhibit: usualTruth('virtual_server', 'sorry_server_inhibit'),
}

/** Every line of a virtual_server, its real servers included; what is inherited is found later. */
export function readServer(to: Lowering, node: Node): ServerDraft {
  const draft: ServerDraft = {
    inherited: {},
    flags: [],
    servers: [],
    sources: [],
    scripts: [],
    kept: [],
    ...usual,
  }
  for (const line of node.block?.nodes ?? []) readLine(to, line, draft)
  return draft
}

function readLine(to: Lowering, node: Node, draft: ServerDraft): void {
  if (inheritedLine(to, withoutFlagWord(node), draft.inherited)) return
  switch (node.keyword.text) {
    case 'ip_family': {
      const named = choice(to, node)
      if (named !== undefined) draft.family = { value: named.text === 'inet' ? 4 : 6, at: named.at }
      return
    }
    case 'lb_algo':
    case 'lvs_sched': {
      const word = required(to, node, 'a scheduler')
      const scheduler = schedulers.find((name) => name === word?.text)
      if (scheduler !== undefined) {
        draft.scheduler = scheduler
        for (const more of node.words.slice(1)) readSchedulerWord(to, node, more, draft)
      } else if (word !== undefined)
        badValue(to, node.keyword.text, word, 'is no scheduler', `known are ${schedulers.join(', ')}`)
      return
    }
    case 'lb_kind':
    case 'lvs_method':
      draft.forwarding = forwardingMethod(to, node) ?? draft.forwarding
      return
    case 'protocol': {
      const named = choice(to, node)
      if (named !== undefined) draft.protocol = { value: PROTOCOLS[named.text as keyof typeof PROTOCOLS], at: named.at }
      return
    }
    case 'ops':
      draft.opsAt = node.at
      return
    case 'persistence_timeout':
      draft.persistenceTimeout = node.words.length === 0 ? alone(node) : (integer(to, node) ?? draft.persistenceTimeout)
      return
    case 'persistence_granularity':
      return readGranularity(to, node, draft)
    case 'flag-1':
    case 'flag-2':
    case 'flag-3':
    case 'sh-fallback':
    case 'sh-port':
    case 'mh-fallback':
    case 'mh-port':
      return readSchedulerWord(to, node, node.keyword, draft)
    case 'persistence_engine': {
      const word = required(to, node, 'the name of an engine')
      if (word === undefined) return
      if (isInterfaceName(word.text)) draft.persistenceEngine = { value: word.text, at: word.at }
      else badValue(to, 'persistence_engine', word, 'is not a name of at most 15 bytes')
      return
    }
    case 'laddr_group_name': {
      const word = required(to, node, 'the name of a local_address_group')
      if (word !== undefined) draft.localGroup = { name: word.text, at: word.at }
      return
    }
    case 'toa':
      draft.toaAt = node.at
      return
    case 'smtp_alert':
      draft.smtpAlert = boolean(to, node) ?? draft.smtpAlert
      return
    case 'ha_suspend':
      draft.haSuspendAt = node.at
      return
    case 'hashed':
      draft.kept = keptLines(to, [node])
      return
    case 'snmp_name':
      draft.snmpName = required(to, node, 'a name')?.text ?? draft.snmpName
      return
    case 'slow_start':
      draft.slowStart = timer(to, node) ?? draft.slowStart
      return
    case 'panic_threshold':
      draft.panicThreshold = integer(to, node) ?? draft.panicThreshold
      return
    case 'omega':
      draft.omega = true
      return
    case 'quorum':
      draft.quorum = integer(to, node) ?? usual.quorum
      return
    case 'hysteresis':
      draft.hysteresis = integer(to, node) ?? draft.hysteresis
      return
    case 'quorum_up':
      draft.quorumUp ??= script(to, node, draft)
      return
    case 'quorum_down':
      draft.quorumDown ??= script(to, node, draft)
      return
    case 'inhibit_on_failure':
      draft.inhibitOnFailure = true
      return
    case 'weight':
      draft.weight = integer(to, node) ?? draft.weight
      return
    case 'virtualhost':
      draft.inherited.virtualHost = required(to, node, 'a host name')?.text ?? draft.inherited.virtualHost
      return
    default:
      readServerLine(to, node, draft)
  }
}

/** In a virtual server alpha is a flag; `alpha 1` is written by many and means alpha. */
const withoutFlagWord = (node: Node): Node => (node.keyword.text === 'alpha' ? { ...node, words: [] } : node)

function readServerLine(to: Lowering, node: Node, draft: ServerDraft): void {
  switch (node.keyword.text) {
    case 'sorry_server': {
      const word = required(to, node, 'an address')
      const address = word === undefined ? undefined : addressWord(to, 'sorry_server', word)
      if (address === undefined) return
      const written = node.words[1]
      const port = written === undefined ? 0 : portWord(to, 'sorry_server', written)
      if (port !== undefined) draft.sorry = { address, port, at: node.at }
      return
    }
    case 'sorry_server_inhibit':
      if (draft.sorry === undefined)
        to.report.error('value', node.at, 'sorry_server_inhibit stands before sorry_server; it has no effect')
      else draft.sorryInhibit = true
      return
    case 'sorry_server_lvs_method':
      if (draft.sorry === undefined)
        to.report.error('value', node.at, 'sorry_server_lvs_method stands before sorry_server; it has no effect')
      else draft.sorryForwarding = forwardingMethod(to, node) ?? draft.sorryForwarding
      return
    case 'real_server': {
      if (isSource(node)) {
        const source = readServerSource(to, node, draft.forwarding)
        if (source === undefined) return
        draft.sources.push(source)
        draft.scripts.push(...source.scripts)
        return
      }
      const server = readRealServer(to, node, draft.forwarding)
      if (server === undefined) return
      draft.servers.push(server)
      draft.scripts.push(...server.scripts)
      return
    }
  }
}

/** A flag word, on a line of its own as in keepalived.conf(5) or after the scheduler; `ops` may stand there too. */
function readSchedulerWord(to: Lowering, node: Node, word: Word, draft: ServerDraft): void {
  if (!isOption('scheduler', word.text))
    badValue(
      to,
      node.keyword.text,
      word,
      'is no flag of a scheduler',
      `known are ${optionWords('scheduler').join(', ')}`,
    )
  else if (word.text === 'ops') draft.opsAt = word.at
  else draft.flags.push({ ...FLAG_WORDS[word.text], word })
}

/** A dotted mask or a number of bits; masks with holes exist in IPVS and not here. */
function readGranularity(to: Lowering, node: Node, draft: ServerDraft): void {
  const word = required(to, node, 'a netmask or prefix length')
  if (word === undefined) return
  const mask = parseAddress(word.text)
  const value =
    mask === undefined
      ? integerWord(to, 'persistence_granularity', word, rangeOf(node, 'PREFIXLEN'))
      : prefixOfMask(mask)
  if (value !== undefined) draft.granularity = { word, value }
  else if (mask !== undefined)
    badValue(
      to,
      'persistence_granularity',
      word,
      'is not a contiguous IPv4 netmask',
      'write 255.255.255.0, for instance',
    )
}

function script(to: Lowering, node: Node, draft: ServerDraft): Command | undefined {
  const found = command(to, node)
  if (found !== undefined) draft.scripts.push({ command: found, at: node.at })
  return found
}
