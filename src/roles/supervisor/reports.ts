import { fail, ok, type Result } from '../../base/index.ts'
import {
  type Command,
  type Configuration,
  type ConnectionSync,
  dumpFiles,
  type GlobalDefs,
  type TlsClient,
  virtualRouterKey,
} from '../../model/index.ts'
import {
  type CountedProcess,
  type DaemonSnapshot,
  type DeliverySnapshot,
  type DescribedRouter,
  dumpText,
  type Identity,
  instancesJson,
  type RoleSnapshot,
  type RunScript,
  type ServerSourceSnapshot,
  statisticsText,
  topologyText,
  type VrrpSnapshot,
} from '../../observe/index.ts'
import { Json, textWith } from './json-text.ts'
import type { SupervisorOptions } from './options.ts'
import type { SupervisorPorts } from './ports.ts'
import type { Roles } from './roles.ts'

/** What the daemon tells of itself. */
export type Reports = {
  /** @param history  with the changes of virtual routers, which are many and long */
  snapshot(history?: boolean): Promise<DaemonSnapshot>
  /** The same as JSON; what roles tell of thousands of servers is in it as they told it. */
  snapshotText(history?: boolean): Promise<string>
  /** What the vrrp role tells, of which nobody else need be asked. */
  virtualRouters(): Promise<Pick<DaemonSnapshot, 'virtualRouters' | 'bfdSessions'>>
  /** Writes the state dump; the path. */
  dump(): Promise<Result<string, string>>
  /** Writes VRRP's counters; the path. */
  dumpStatistics(): Promise<Result<string, string>>
  /** The same, and the counters start again from 0. */
  dumpAndClearStatistics(): Promise<Result<string, string>>
  /** Writes keepalived's JSON of the virtual routers; the path. */
  dumpJson(): Promise<Result<string, string>>
}

export type DaemonState = {
  readonly startedAt: string
  readonly loadedAt: string
  readonly lastReloadError?: string
  readonly deliveries: readonly DeliverySnapshot[]
  readonly scripts: readonly RunScript[]
  readonly processes: readonly CountedProcess[]
  readonly serverSources: readonly ServerSourceSnapshot[]
  readonly model: Configuration
}

export function createReports(
  ports: Pick<SupervisorPorts, 'pid' | 'replaceText' | 'log' | 'identity'>,
  options: SupervisorOptions,
  roles: Roles,
  identify: (command: Command) => Result<Command, string>,
  now: () => DaemonState,
): Reports {
  async function snapshotText(history = false): Promise<string> {
    const [vrrp, virtualServers, forwarding] = await Promise.all([
      roles.vrrp.snapshot(),
      roles.checker.snapshot(),
      roles.forwarding.snapshot(),
    ])
    const { startedAt, loadedAt, lastReloadError, deliveries, serverSources } = now()
    const absentServerOrders = roles.serverOrders.absent()
    return textWith({
      version: options.version,
      pid: ports.pid,
      startedAt,
      configurationFile: options.configurationFile,
      configurationLoadedAt: loadedAt,
      ...(lastReloadError === undefined ? {} : { lastReloadError }),
      roles: [
        describe(roles.vrrp, vrrp),
        describe(roles.checker, virtualServers),
        describe(roles.forwarding, forwarding),
      ],
      ...(deliveries.length === 0 ? {} : { deliveries }),
      ...routersIn(vrrp, history),
      virtualServers: new Json(virtualServers ?? '[]'),
      ...(serverSources.length === 0 ? {} : { serverSources }),
      ...(absentServerOrders.length === 0 ? {} : { absentServerOrders }),
      ...(forwarding === undefined ? {} : { forwarding: new Json(forwarding) }),
    })
  }

  function routersIn(told: VrrpSnapshot | undefined, history: boolean) {
    const virtualRouters = (told?.virtualRouters ?? []).map((one) => {
      const key = virtualRouterKey(one)
      const order = roles.orders.of(key)
      return {
        ...one,
        ...(order === undefined ? {} : { order }),
        ...(history ? { history: roles.history(key) } : {}),
      }
    })
    return { virtualRouters, bfdSessions: told?.bfdSessions ?? [] }
  }

  const virtualRouters = async () => routersIn(await roles.vrrp.snapshot(), false)

  // What we have put together ourselves, of what is the same build's.
  const snapshot = async (history?: boolean) => JSON.parse(await snapshotText(history)) as DaemonSnapshot

  /**
   * In the directory of dumps, unless said otherwise; a path that ends with a slash is a directory. With data_use_instance the
   * namespace and the instance stand before the last dot of its name (keepalived).
   */
  function pathOf(named: string | undefined, name: string): string {
    const plain = named === undefined ? name : named.endsWith('/') ? named + name : named
    const path = withOwner(plain, now().model.global)
    return path.startsWith('/') ? path : `${options.dumpDirectory}/${path}`
  }

  /** What runs, with how it is configured. */
  function described({ virtualRouters }: Pick<DaemonSnapshot, 'virtualRouters'>): readonly DescribedRouter[] {
    const models = new Map(now().model.virtualRouters.map((router) => [virtualRouterKey(router), router]))
    return virtualRouters.flatMap((router) => {
      const model = models.get(virtualRouterKey(router))
      return model === undefined ? [] : [{ model, snapshot: router }]
    })
  }

  function write(path: string, text: string): Result<string, string> {
    const written = ports.replaceText(path, text)
    if (written.ok) return ok(path)
    ports.log.error('dump cannot be written', { reason: written.error.message })
    return fail(written.error.message)
  }

  async function dumpStatistics(): Promise<Result<string, string>> {
    const path = pathOf(now().model.global.daemon?.statsDumpFile, dumpFiles.statistics)
    return write(path, statisticsText((await virtualRouters()).virtualRouters))
  }

  function identityOf(command: Command): Identity | undefined {
    const identified = identify(command)
    return identified.ok ? ports.identity(identified.value.user, identified.value.group) : undefined
  }

  return {
    snapshot,
    snapshotText,
    virtualRouters,
    async dump() {
      const { model, scripts, processes } = now()
      const path = pathOf(model.global.stateDumpFile, dumpFiles.state)
      const state = await snapshot()
      const topology = topologyText(
        described(state),
        model.syncGroups,
        {
          scripts,
          files: model.trackFiles,
          processes,
          sessions: model.bfdSessions.filter(({ vrrp }) => vrrp),
          bfd: state.bfdSessions,
        },
        identityOf,
      )
      return write(path, dumpText(state, topology, withoutSecrets(model)))
    },
    dumpStatistics,
    async dumpAndClearStatistics() {
      const dumped = await dumpStatistics()
      roles.vrrp.send({ type: 'clear-counters' })
      return dumped
    },
    async dumpJson() {
      const { model, processes } = now()
      const known = described(await virtualRouters())
      // As keepalived: without any instance no file is written.
      if (known.length === 0) return fail('there is no virtual router')
      const { daemon } = model.global
      const path = pathOf(daemon?.jsonDumpFile, dumpFiles.json)
      return write(path, instancesJson(known, model.trackScripts, daemon?.jsonVersion, processes))
    },
  }
}

function withOwner(path: string, { netNamespace, daemon }: GlobalDefs): string {
  const owner = [netNamespace, daemon?.instance].filter((name) => name !== undefined).join('_')
  if (daemon?.dumpsWithInstance !== true || owner === '') return path
  const dot = path.lastIndexOf('.')
  return dot > path.lastIndexOf('/') ? `${path.slice(0, dot)}.${owner}${path.slice(dot)}` : `${path}.${owner}`
}

/** A role that runs and was not heard of in time has too much to do. */
function describe(role: { describe(): RoleSnapshot }, answer: unknown): RoleSnapshot {
  const described = role.describe()
  return described.state === 'running' && answer === undefined ? { ...described, state: 'busy' } : described
}

/** The model as it may be shown: passwords and keys replaced by asterisks, as keepalived's dumps have them. */
export function withoutSecrets(model: Configuration): Configuration {
  const { tlsClient, connectionSync, ...global } = model.global
  return {
    ...model,
    global: {
      ...global,
      ...(tlsClient === undefined ? {} : { tlsClient: withoutKey(tlsClient) }),
      ...(connectionSync === undefined ? {} : { connectionSync: withoutKeys(connectionSync) }),
    },
    virtualRouters: model.virtualRouters.map(({ authentication, hmac, ...router }) => ({
      ...router,
      ...(authentication === undefined ? {} : { authentication: { ...authentication, password: HIDDEN } }),
      ...(hmac === undefined ? {} : { hmac: { ...hmac, keys: hmac.keys.map(({ id }) => ({ id, key: HIDDEN })) } }),
    })),
  }
}

const withoutKey = ({ key, password, ...client }: TlsClient): TlsClient => ({
  ...client,
  ...(key === undefined ? {} : { key: { path: key.path, pem: HIDDEN } }),
  ...(password === undefined ? {} : { password: HIDDEN }),
})

const withoutKeys = ({ keys, ...sync }: ConnectionSync): ConnectionSync => ({
  ...sync,
  ...(keys === undefined ? {} : { keys: keys.map(() => HIDDEN) }),
})

const HIDDEN = '********'
