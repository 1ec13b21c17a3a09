import { fail, ok, type Result } from '../../base/index.ts'
import { type Configuration, virtualRouterKey } from '../../model/index.ts'
import { type DaemonSnapshot, dumpText, instancesJson, statisticsText } from '../../observe/index.ts'
import type { SupervisorOptions } from './options.ts'
import type { SupervisorPorts } from './ports.ts'
import type { Roles } from './roles.ts'

/** What the daemon tells of itself. */
export type Reports = {
  snapshot(): Promise<DaemonSnapshot>
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
  readonly model: Configuration
}

export function createReports(
  ports: Pick<SupervisorPorts, 'pid' | 'replaceText' | 'log'>,
  options: SupervisorOptions,
  roles: Roles,
  now: () => DaemonState,
): Reports {
  async function snapshot(): Promise<DaemonSnapshot> {
    const [vrrp, virtualServers, forwarding] = await Promise.all([
      roles.vrrp.snapshot(),
      roles.checker.snapshot(),
      roles.forwarding.snapshot(),
    ])
    const { startedAt, loadedAt, lastReloadError } = now()
    return {
      version: options.version,
      pid: ports.pid,
      startedAt,
      configurationFile: options.configurationFile,
      configurationLoadedAt: loadedAt,
      ...(lastReloadError === undefined ? {} : { lastReloadError }),
      roles: [roles.vrrp.describe(), roles.checker.describe(), roles.forwarding.describe()],
      virtualRouters: (vrrp?.virtualRouters ?? []).map((one) => {
        const key = virtualRouterKey(one)
        const order = roles.orders.of(key)
        return { ...one, ...(order === undefined ? {} : { order }), history: roles.history(key) }
      }),
      bfdSessions: vrrp?.bfdSessions ?? [],
      virtualServers: virtualServers ?? [],
      ...(forwarding === undefined ? {} : { forwarding }),
    }
  }

  function write(path: string, text: string): Result<string, string> {
    const written = ports.replaceText(path, text)
    if (written.ok) return ok(path)
    ports.log.error('dump cannot be written', { reason: written.error.message })
    return fail(written.error.message)
  }

  async function dumpStatistics(): Promise<Result<string, string>> {
    return write(`${options.dumpDirectory}/keepalived.stats`, statisticsText((await snapshot()).virtualRouters))
  }

  return {
    snapshot,
    async dump() {
      const { model } = now()
      const path = model.global.stateDumpFile ?? `${options.dumpDirectory}/keepalived.data`
      return write(path, dumpText(await snapshot(), withoutSecrets(model)))
    },
    dumpStatistics,
    async dumpAndClearStatistics() {
      const dumped = await dumpStatistics()
      roles.vrrp.send({ type: 'clear-counters' })
      return dumped
    },
    async dumpJson() {
      const { model } = now()
      const models = new Map(model.virtualRouters.map((router) => [virtualRouterKey(router), router]))
      const { virtualRouters } = await snapshot()
      const known = virtualRouters.flatMap((router) => {
        const described = models.get(virtualRouterKey(router))
        return described === undefined ? [] : [{ model: described, snapshot: router }]
      })
      // As keepalived: without any instance no file is written.
      if (known.length === 0) return fail('there is no virtual router')
      return write(`${options.dumpDirectory}/keepalived.json`, instancesJson(known))
    },
  }
}

/** The model as it may be shown: passwords and keys replaced by asterisks, as keepalived's dumps have them. */
export function withoutSecrets(model: Configuration): Configuration {
  return {
    ...model,
    virtualRouters: model.virtualRouters.map(({ authentication, hmac, ...router }) => ({
      ...router,
      ...(authentication === undefined ? {} : { authentication: { ...authentication, password: HIDDEN } }),
      ...(hmac === undefined ? {} : { hmac: { ...hmac, keys: hmac.keys.map(({ id }) => ({ id, key: HIDDEN })) } }),
    })),
  }
}

const HIDDEN = '********'
