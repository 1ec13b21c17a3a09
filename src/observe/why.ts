import { fail, ok, parseAddress, parseEndpoint, type Result } from '../base/index.ts'
import { endpoint } from '../model/index.ts'
import { heldDestinations } from './held-destinations.ts'
import { serverOrderWords } from './server-order.ts'
import type {
  AbsentServerOrderSnapshot,
  DaemonSnapshot,
  ServerSourceSnapshot,
  VirtualRouterSnapshot,
  VirtualServerSnapshot,
} from './snapshot.ts'
import type { Times } from './times.ts'
import { groupSentences, routerSentences } from './why-router.ts'
import { type RealServerAccount, realServerSentences, virtualServerSentences } from './why-server.ts'

export type Explanation = {
  readonly kind: 'virtual-router' | 'sync-group' | 'virtual-server' | 'real-server' | 'server-list'
  readonly name: string
  /** In the order of what matters; each is whole by itself. */
  readonly sentences: readonly string[]
  /** What they were made of. */
  readonly about: readonly (VirtualRouterSnapshot | VirtualServerSnapshot | RealServerAbout | List)[]
}

type RealServerAbout = Omit<RealServerAccount, 'virtualServer'> & { readonly virtualServer: string }

/**
 * Why the object of this name is what it is, in plain sentences. The failure names what there is.
 * @param name of a virtual router, a sync group, a virtual server (its key, or its address and port) or its group, or of a real
 *             server: its address, with or without a port, or the name that it is listed by; or what would list real servers and
 *             does not
 */
export function why(snapshot: DaemonSnapshot, name: string, times: Times): Result<Explanation, string> {
  const { virtualRouters, virtualServers } = snapshot
  const routers = virtualRouters.filter((one) => one.name === name)
  if (routers.length > 0) {
    const sentences = routers.flatMap((one) => routerSentences(one, virtualRouters, times))
    return ok({ kind: 'virtual-router', name, sentences, about: routers })
  }
  const members = virtualRouters.filter(({ syncGroup }) => syncGroup === name)
  if (members.length > 0)
    return ok({ kind: 'sync-group', name, sentences: groupSentences(name, members, times), about: members })
  const servers = virtualServers.filter((one) => isNamed(one, name))
  if (servers.length > 0) {
    const sentences = servers.flatMap((one) => virtualServerSentences(one, times))
    return ok({ kind: 'virtual-server', name, sentences, about: servers })
  }
  const accounts = accountsOf(snapshot, name)
  if (accounts.length > 0)
    return ok({
      kind: 'real-server',
      name,
      sentences: accounts.flatMap((one) => realServerSentences(one, times)),
      about: accounts.map((one) => ({ ...one, virtualServer: one.virtualServer.key })),
    })
  const lists = listsNamed(snapshot, name)
  if (lists.length > 0)
    return ok({
      kind: 'server-list',
      name,
      sentences: lists.flatMap((one) => listSentences(one, times)),
      about: lists,
    })
  const missing = snapshot.roles.find(
    ({ role, state }) => role !== 'forwarding' && state !== 'running' && state !== 'stopped',
  )
  const more =
    missing === undefined
      ? ''
      : `; the ${missing.role} role is ${missing.state === 'waiting' ? 'dead' : missing.state}, and what it knows is missing`
  return fail(nothingOf(snapshot, name) + more)
}

/** By the key of one of its services, the same without the protocol, or its group. */
const isNamed = ({ key, group }: VirtualServerSnapshot, name: string): boolean =>
  group?.name === name || [key, ...(group?.others ?? [])].some((one) => one === name || one.endsWith(`/${name}`))

/** An address, an address and port or a name of the DNS in the form that snapshots have. */
function canonical(name: string): string {
  const at = parseEndpoint(name)
  return at === undefined ? (parseAddress(name) ?? name.toLowerCase()) : endpoint(at)
}

/** The real servers of this name, wherever they stand. */
function accountsOf({ virtualServers, forwarding }: DaemonSnapshot, name: string): readonly RealServerAccount[] {
  const meant = canonical(name)
  const services = new Map(forwarding?.services.map((service) => [service.key, service]))
  return virtualServers.flatMap((virtualServer) => {
    const found = virtualServer.realServers.filter((real) =>
      [real.address, endpoint(real), real.hostName].includes(meant),
    )
    if (found.length === 0) return []
    const its = [virtualServer.key, ...(virtualServer.group?.others ?? [])].flatMap((key) => services.get(key) ?? [])
    const held = heldDestinations(virtualServer, its)
    const failure = its.find((service) => service.failure !== undefined)?.failure
    return found.map((realServer) => ({
      virtualServer,
      realServer,
      held: forwarding === undefined ? 'unknown' : (held.get(endpoint(realServer)) ?? 'absent'),
      ...(failure === undefined ? {} : { failure }),
    }))
  })
}

type List = ServerSourceSnapshot | AbsentServerOrderSnapshot

/** Lists of real servers of this name, and orders about servers that none of them has. */
const listsNamed = ({ serverSources = [], absentServerOrders = [] }: DaemonSnapshot, name: string): readonly List[] => [
  ...serverSources.filter((one) => ('file' in one ? one.file === name : one.name === name.toLowerCase())),
  ...absentServerOrders.filter(({ realServer }) => realServer === canonical(name)),
]

function listSentences(list: List, times: Times): readonly string[] {
  if ('by' in list) return [`${list.realServer} is in no list just now.`, `It is ${serverOrderWords(list, times.at)}.`]
  const asked =
    'askedAt' in list && list.askedAt !== undefined ? [`It answered last ${times.ago(list.askedAt)} ago.`] : []
  return [
    `${'file' in list ? list.file : `${list.records} ${list.name}`} lists ${list.servers} real servers as far as is known.`,
    ...(list.problem === undefined ? [] : [`It cannot be used: ${list.problem}.`]),
    ...asked,
  ]
}

/** As many are told by name. */
const MOST_TOLD = 20

/** `there is no VI_2; there are VI_1, VI_3`. */
function nothingOf({ virtualRouters, virtualServers }: DaemonSnapshot, name: string): string {
  const groups = new Set(virtualRouters.flatMap(({ syncGroup }) => syncGroup ?? []))
  const names = [
    ...virtualRouters.map((one) => one.name),
    ...groups,
    ...virtualServers.map(({ key, group }) => group?.name ?? key),
  ]
  if (names.length === 0) return `there is no ${name}, nor anything else`
  const more = names.length > MOST_TOLD ? ` and ${names.length - MOST_TOLD} more` : ''
  return `there is no ${name}; there are ${names.slice(0, MOST_TOLD).join(', ')}${more}`
}
