/**
 * A backend asked from another process: each question and order as a value that survives JSON, the answer, and a backend
 * that is made of nothing but a way to ask.
 */

import { fail, ok, parseAddress, type Result } from '../base/index.ts'
import { schedulerFlags, schedulers } from '../model/index.ts'
import type {
  BackendInfo,
  Connection,
  ForwardingBackend,
  ForwardingOp,
  ForwardingState,
  OpResult,
  ServiceCounters,
  SyncDaemon,
  Timeouts,
} from './backend.ts'
import { badSetting, type IpvsSettings } from './settings.ts'

const questions = ['read', 'info', 'timeouts', 'settings', 'sync-daemons', 'counters', 'exits'] as const

export type ForwardingAsk =
  | { readonly type: (typeof questions)[number] }
  | { readonly type: 'connections'; readonly limit: number }
  | { readonly type: 'apply'; readonly ops: readonly ForwardingOp[] }

/** A backend that somebody else opened and will close. */
export type AskedBackend = Omit<ForwardingBackend, 'close' | 'probe' | 'readies'>

export function answerAsk(backend: AskedBackend, ask: ForwardingAsk): Promise<unknown> {
  switch (ask.type) {
    case 'read':
      return backend.read()
    case 'info':
      return backend.info()
    case 'timeouts':
      return backend.timeouts()
    case 'settings':
      return backend.settings()
    case 'sync-daemons':
      return backend.syncDaemons()
    case 'counters':
      return backend.counters()
    case 'exits':
      return backend.exits()
    case 'connections':
      return backend.connections(ask.limit)
    case 'apply':
      return backend.apply(ask.ops)
  }
}

/** @param ask  gives what `answerAsk` gave at the other end, which is of the same build */
export function backendThrough(
  kind: ForwardingBackend['kind'],
  ask: (question: ForwardingAsk) => Promise<unknown>,
): AskedBackend {
  return {
    kind,
    read: async () => (await ask({ type: 'read' })) as ForwardingState,
    info: async () => (await ask({ type: 'info' })) as BackendInfo,
    timeouts: async () => (await ask({ type: 'timeouts' })) as Timeouts,
    settings: async () => (await ask({ type: 'settings' })) as Partial<IpvsSettings>,
    syncDaemons: async () => (await ask({ type: 'sync-daemons' })) as readonly SyncDaemon[],
    counters: async () => (await ask({ type: 'counters' })) as readonly ServiceCounters[],
    exits: async () => (await ask({ type: 'exits' })) as Readonly<Record<string, number>>,
    connections: async (limit) => (await ask({ type: 'connections', limit })) as readonly Connection[],
    apply: async (ops) => (await ask({ type: 'apply', ops })) as readonly OpResult[],
  }
}

/** What came over a socket; nothing in an ask that is accepted can make a backend throw. */
export function decodeForwardingAsk(value: unknown): Result<ForwardingAsk, string> {
  if (!isRecord(value)) return fail('no question in it')
  const question = questions.find((name) => name === value['type'])
  if (question !== undefined) return ok({ type: question })
  if (value['type'] === 'connections') {
    const limit = value['limit']
    return isWhole(limit, 0, Number.MAX_SAFE_INTEGER)
      ? ok({ type: 'connections', limit })
      : fail('limit is a number of connections')
  }
  if (value['type'] !== 'apply') return fail(`no such question; there are ${questions.join(', ')}, connections, apply`)
  const ops = value['ops']
  if (!Array.isArray(ops)) return fail('ops is a list')
  const wrong = ops.findIndex((op) => !isOp(op))
  return wrong < 0 ? ok({ type: 'apply', ops: ops as ForwardingOp[] }) : fail(`order ${wrong + 1} is not understood`)
}

function isOp(op: unknown): boolean {
  if (!isRecord(op)) return false
  switch (op['type']) {
    case 'put-service':
      return isService(op['service'])
    case 'remove-service':
      return isServiceKey(op['serviceKey'])
    case 'put-destination':
      return isServiceKey(op['serviceKey']) && isDestination(op['destination'])
    case 'remove-destination':
      return isServiceKey(op['serviceKey']) && isEndpoint(op['destinationKey'])
    case 'zero-counters':
      return op['serviceKey'] === undefined || isServiceKey(op['serviceKey'])
    case 'set-timeouts': {
      const times = op['timeouts']
      return isRecord(times) && ['tcp', 'tcpFin', 'udp'].every((name) => isWhole(times[name], 0, longestTimeout))
    }
    case 'set-settings': {
      const settings = op['settings']
      return (
        isRecord(settings) &&
        Object.entries(settings).every(([name, to]) => typeof to === 'number' && badSetting(name, to) === undefined)
      )
    }
    case 'start-sync-daemon':
      return isSyncDaemon(op['daemon'])
    case 'stop-sync-daemon':
      return isRole(op['role'])
    default:
      return false
  }
}

const longestTimeout = 31 * 24 * 3600

function isService(service: unknown): boolean {
  if (!isRecord(service)) return false
  const { schedulerFlags: flags, persistence, persistenceEngine, localAddresses, tcpOptionAddress } = service
  return (
    isServiceAddress(service['address']) &&
    schedulers.some((name) => name === service['scheduler']) &&
    typeof service['onePacket'] === 'boolean' &&
    isList(flags, (flag) => schedulerFlags.some((name) => name === flag)) &&
    (persistence === undefined ||
      (isRecord(persistence) &&
        isWhole(persistence['timeout'], 1, longestTimeout) &&
        isWhole(persistence['prefixLength'], 0, 128))) &&
    (persistenceEngine === undefined || typeof persistenceEngine === 'string') &&
    isList(localAddresses, isAddress) &&
    (tcpOptionAddress === undefined || typeof tcpOptionAddress === 'boolean')
  )
}

function isServiceAddress(of: unknown): boolean {
  if (!isRecord(of)) return false
  if (of['kind'] === 'fwmark') return isWhole(of['mark'], 1, 2 ** 32 - 1) && (of['family'] === 4 || of['family'] === 6)
  return (
    of['kind'] === 'address' &&
    (of['protocol'] === 'tcp' || of['protocol'] === 'udp' || of['protocol'] === 'sctp') &&
    isAddress(of['address']) &&
    isWhole(of['port'], 0, 65_535)
  )
}

function isDestination(destination: unknown): boolean {
  if (!isRecord(destination)) return false
  const { tunnel } = destination
  return (
    isAddress(destination['address']) &&
    isWhole(destination['port'], 0, 65_535) &&
    isWhole(destination['weight'], 0, greatest) &&
    isWhole(destination['upperThreshold'], 0, greatest) &&
    isWhole(destination['lowerThreshold'], 0, greatest) &&
    ['nat', 'dr', 'tun', 'fullnat'].some((name) => name === destination['method']) &&
    (tunnel === undefined ||
      (isRecord(tunnel) &&
        ['ipip', 'gue', 'gre'].some((name) => name === tunnel['type']) &&
        ['none', 'checksum', 'remote-checksum'].some((name) => name === tunnel['checksum']) &&
        isWhole(tunnel['port'], 0, 65_535)))
  )
}

function isSyncDaemon(daemon: unknown): boolean {
  if (!isRecord(daemon)) return false
  const { group, keys } = daemon
  return (
    isRole(daemon['role']) &&
    typeof daemon['interface'] === 'string' &&
    isWhole(daemon['syncId'], 0, 255) &&
    ['maxLength', 'port', 'ttl'].every((name) => daemon[name] === undefined || isWhole(daemon[name], 0, 65_535)) &&
    (group === undefined || isAddress(group)) &&
    // Not by hand.
    keys === undefined
  )
}

const greatest = 2 ** 31 - 1

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isWhole = (value: unknown, min: number, max: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
const isList = (value: unknown, isOne: (one: unknown) => boolean): boolean =>
  value === undefined || (Array.isArray(value) && value.every(isOne))
/** In canonical text: addresses are compared as strings. */
const isAddress = (value: unknown): boolean => typeof value === 'string' && parseAddress(value) === value
const isRole = (value: unknown): boolean => value === 'master' || value === 'backup'
const isServiceKey = (value: unknown): boolean => {
  if (typeof value !== 'string') return false
  const [, mark] = /^fwmark\/[46]\/(\d{1,10})$/.exec(value) ?? []
  if (mark !== undefined) return isWhole(Number(mark), 1, 2 ** 32 - 1)
  return /^(tcp|udp|sctp)\//.test(value) && isEndpoint(value.slice(value.indexOf('/') + 1))
}
const isEndpoint = (value: unknown): boolean => {
  if (typeof value !== 'string') return false
  const [, bracketed, bare, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(value) ?? []
  return isAddress(bracketed ?? bare) && isWhole(Number(port), 0, 65_535)
}
