/** A request carried out on a backend: what is printed, and the exit code. */

import { assertNever, type IpAddress, ok } from '../../base/index.ts'
import {
  endpoint,
  type ForwardingOp,
  type ForwardingState,
  type OpResult,
  type ServiceState,
  serviceKey,
} from '../../forwarding/index.ts'
import { type ServiceAddress, schedulers } from '../../model/index.ts'
import { connectionsText } from './connections-text.ts'
import { exitsText } from './exits-text.ts'
import { helpText, versionLine } from './help-text.ts'
import { listText } from './list-text.ts'
import { type Naming, numeric } from './naming.ts'
import { type Errand, errnoText, refusalText } from './refusal-text.ts'
import type { Request } from './request.ts'
import { saveText } from './save-text.ts'
import type { TableAccess } from './table-access.ts'
import { sortedServices } from './table-order.ts'

export type Outcome = {
  /** 0; 1: a list that could not be made; 255: refused. */
  readonly exitCode: 0 | 1 | 2 | 255
  readonly stdout: string
  readonly stderr: string
  /** In restore input: the lines after it are not read. */
  readonly ends?: true
}

/** Finds the names of addresses; asked once, for all that are shown. */
export type FindNames = (addresses: ReadonlySet<IpAddress>) => Promise<Naming>

type Do<T extends Request['type']> = Extract<Request, { readonly type: T }>

export async function execute(
  request: Exclude<Request, { readonly type: 'restore' }>,
  table: TableAccess,
  findNames: FindNames,
): Promise<Outcome> {
  switch (request.type) {
    case 'help':
      return { ...printed(helpText), ends: true }
    case 'version':
      return { ...printed(`${versionLine}\n`), ends: true }
    case 'add-service':
    case 'edit-service':
      return putService(request, table)
    case 'add-server':
    case 'edit-server':
    case 'delete-server': {
      const decided = await decideServer(request, table)
      return 'exitCode' in decided ? decided : order(decided.errand, decided.op, table)
    }
    case 'delete-service': {
      if (!(await table.has(serviceKey(request.service)))) return refused('find-service', 'ESRCH')
      return order('find-service', { type: 'remove-service', serviceKey: serviceKey(request.service) }, table)
    }
    case 'flush':
      return flush(table)
    case 'zero': {
      if (request.service === undefined) return order('other', { type: 'zero-counters' }, table)
      if (!(await table.has(serviceKey(request.service)))) return refused('find-service', 'ESRCH')
      return order('find-service', { type: 'zero-counters', serviceKey: serviceKey(request.service) }, table)
    }
    case 'set-timeouts':
      return order('other', { type: 'set-timeouts', timeouts: request.timeouts }, table)
    case 'start-daemon': {
      const running = await table.backend.syncDaemons()
      if (running.some(({ role }) => role === request.daemon.role)) return refused('start-daemon', 'EEXIST')
      return order('start-daemon', { type: 'start-sync-daemon', daemon: request.daemon }, table)
    }
    case 'stop-daemon': {
      const running = await table.backend.syncDaemons()
      if (!running.some(({ role }) => role === request.role)) return refused('stop-daemon', 'ESRCH')
      return order('stop-daemon', { type: 'stop-sync-daemon', role: request.role }, table)
    }
    case 'list':
      return list(request, table, findNames)
    case 'save': {
      const services = sortedServices((await table.backend.read()).services)
      const naming = request.numeric ? numeric : await findNames(addressesOf(services))
      return printed(saveText(services, naming))
    }
    case 'list-connections': {
      const connections = await table.backend.connections(Number.MAX_SAFE_INTEGER)
      const addresses = connections.flatMap(({ client, virtual, destination }) => [client, virtual, destination])
      const naming = request.numeric ? numeric : await findNames(new Set(addresses))
      return printed(connectionsText(connections, request.engines, naming))
    }
    case 'list-timeouts': {
      const { tcp, tcpFin, udp } = await table.backend.timeouts()
      return printed(`Timeout (tcp tcpfin udp): ${tcp} ${tcpFin} ${udp}\n`)
    }
    case 'list-daemons':
      return printed(await daemonsText(table))
    case 'list-exits': {
      const exits = await table.backend.exits()
      if (Object.keys(exits).length > 0) return printed(exitsText(exits))
      return { exitCode: 1, stdout: '', stderr: 'Only the embedded core counts how packets leave it\n' }
    }
    default:
      return assertNever(request)
  }
}

async function putService({ type, service }: Do<'add-service' | 'edit-service'>, table: TableAccess): Promise<Outcome> {
  const there = await table.has(serviceKey(service.address))
  if (type === 'add-service' && there) return refused(type, 'EEXIST')
  if (type === 'edit-service' && !there) return refused(type, 'ESRCH')
  if (!schedulers.includes(service.scheduler)) return refused(type, 'ENOENT')
  return order(type, { type: 'put-service', service }, table)
}

export type ServerRequest = Do<'add-server' | 'edit-server' | 'delete-server'>
/** An order, and what its refusal is about. */
export type ServerOrder = { readonly errand: Errand; readonly op: ForwardingOp }

/** The kernel looks at the service first, then at the limits, then at the destination. */
export async function decideServer(request: ServerRequest, table: TableAccess): Promise<Outcome | ServerOrder> {
  const { type, server } = request
  const errand = type === 'add-server' ? 'add-server' : 'change-server'
  const key = serviceKey(request.service)
  const name = endpoint(server)
  if (!(await table.has(key))) return refused(errand, 'ESRCH')
  if (type !== 'delete-server' && server.lowerThreshold > server.upperThreshold) return refused(errand, 'ERANGE')
  const there = await table.has(key, name)
  if (type === 'add-server' && there) return refused(errand, 'EEXIST')
  if (type !== 'add-server' && !there) return refused(errand, 'ENOENT')
  return {
    errand,
    op:
      type === 'delete-server'
        ? { type: 'remove-destination', serviceKey: key, destinationKey: name }
        : { type: 'put-destination', serviceKey: key, destination: server },
  }
}

async function flush(table: TableAccess): Promise<Outcome> {
  const { services } = await table.backend.read()
  const results = await table.apply(
    services.map(({ service }) => ({ type: 'remove-service', serviceKey: serviceKey(service.address) })),
  )
  return outcomeOf('other', results.find(({ ok }) => !ok) ?? ok(undefined))
}

async function list(request: Do<'list'>, table: TableAccess, findNames: FindNames): Promise<Outcome> {
  const { service, sorted, form, exact } = request
  const state = await table.backend.read()
  const named = service === undefined ? state.services : [find(state, service)].filter((one) => one !== undefined)
  if (service !== undefined && named.length === 0)
    return { exitCode: 1, stdout: '', stderr: `${errnoText('find-service', 'ESRCH')}\n`, ends: true }
  const services = sorted ? sortedServices(named) : named
  const naming = request.numeric ? numeric : await findNames(addressesOf(services))
  const counters = await table.backend.counters()
  const info = service === undefined ? { info: await table.backend.info() } : {}
  return printed(listText({ form, exact, naming, services, counters, ...info }))
}

async function daemonsText({ backend }: TableAccess): Promise<string> {
  const daemons = await backend.syncDaemons()
  return daemons
    .map((daemon) => {
      const { role, syncId, maxLength, group, port, ttl } = daemon
      const more = [
        ...(maxLength ? [`, maxlen=${maxLength}`] : []),
        ...(group === undefined ? [] : [`, group=${group}`]),
        ...(port ? [`, port=${port}`] : []),
        ...(ttl ? [`, ttl=${ttl}`] : []),
      ]
      return `${role} sync daemon (mcast=${daemon.interface}, syncid=${syncId}${more.join('')})\n`
    })
    .join('')
}

async function order(errand: Errand, op: ForwardingOp, table: TableAccess): Promise<Outcome> {
  const [result = ok(undefined)] = await table.apply([op])
  return outcomeOf(errand, result)
}

/** What a backend's answer prints. */
export const outcomeOf = (errand: Errand, result: OpResult): Outcome =>
  result.ok ? printed('') : { exitCode: 255, stdout: '', stderr: `${refusalText(errand, result.error)}\n` }

const printed = (stdout: string): Outcome => ({ exitCode: 0, stdout, stderr: '' })

const refused = (errand: Errand, code: string): Outcome => ({
  exitCode: 255,
  stdout: '',
  stderr: `${errnoText(errand, code)}\n`,
})

function find({ services }: ForwardingState, address: ServiceAddress): ServiceState | undefined {
  const key = serviceKey(address)
  return services.find(({ service }) => serviceKey(service.address) === key)
}

const addressesOf = (services: readonly ServiceState[]): ReadonlySet<IpAddress> =>
  new Set(
    services.flatMap(({ service, destinations }) => [
      ...(service.address.kind === 'address' ? [service.address.address] : []),
      ...destinations.map(({ address }) => address),
    ]),
  )
