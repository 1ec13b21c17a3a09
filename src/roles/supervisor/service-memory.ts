import { assertNever, elapsed } from '../../base/index.ts'
import { type Configuration, realServerKey, serviceKey, servicesOf, type VirtualServer } from '../../model/index.ts'
import {
  checkerNotifications,
  initialNotify,
  type NotifyEvent,
  notifyDeadline,
  quorumNotifications,
  realServerNotifications,
  stepNotify,
  stopNotifications,
} from '../../proto/notify/index.ts'
import type { FromChecker, FromForwarding, HealthRecord, ToForwarding, WantedNews } from '../ipc/index.ts'
import { healthKey } from './health-file.ts'
import type { Notifier } from './notifier.ts'
import type { SupervisorPorts } from './ports.ts'
import { keepWantedServices } from './service-cache.ts'

type Told<T extends string, M> = Extract<M, { readonly type: T }>

/**
 * What is remembered of virtual servers between two lives of the checker and the forwarding role: health, the services
 * wanted of the table, and the scripts that wait for the table to have them.
 */
export type ServiceMemory = {
  /** Keeps what the checker wants, and hands it on under a number. */
  wanted(message: Told<'services-wanted', FromChecker>): void
  /** All that is wanted, for a forwarding role that knows nothing yet. */
  repeatWanted(): void
  /** The checker has told everything once. */
  readonly known: () => boolean
  applied(message: Told<'services-applied', FromForwarding>): void
  healthChanged(message: Told<'real-server-health', FromChecker>): void
  serverRemoved(message: Told<'real-server-removed', FromChecker>): void
  quorumChanged(message: Told<'quorum', FromChecker>): void
  readonly health: () => readonly HealthRecord[]
  /** Objects that a new configuration has not are forgotten after their last words. */
  adopt(before: Configuration, after: Configuration): void
  runStopNotifications(): void
}

export function rememberServices(
  ports: Pick<SupervisorPorts, 'clock' | 'schedule' | 'log'>,
  notifier: Pick<Notifier, 'run'>,
  model: () => Configuration,
  known: readonly HealthRecord[],
  toForwarding: (message: Told<'services-wanted', ToForwarding>) => void,
  onHealth: (record: HealthRecord) => void,
): ServiceMemory {
  const health = new Map(known.map((record) => [healthKey(record), record]))
  const quorums = new Map<string, boolean>()
  let removed: Index = indexOf([])
  let indexed: Index = indexOf([])
  const wanted = keepWantedServices()
  let order = 0
  let notify = initialNotify
  let cancelDeadline: (() => void) | undefined

  function tell(event: NotifyEvent): void {
    const { state, actions } = stepNotify(notify, event, ports.clock.now())
    notify = state
    for (const action of actions) {
      switch (action.type) {
        case 'run-notifications':
          notifier.run(action.notifications)
          break
        case 'log-overdue':
          ports.log.warn('scripts run before the forwarding table is as they tell', { service: action.serviceKey })
          break
        default:
          assertNever(action)
      }
    }
    cancelDeadline?.()
    const until = notifyDeadline(notify)
    cancelDeadline =
      until === undefined
        ? undefined
        : ports.schedule(elapsed(ports.clock.now(), until), () => tell({ type: 'deadline-reached' }))
  }

  function send(news: WantedNews): void {
    order += 1
    const serviceKeys = news.services.map(({ service }) => ownerOf(serviceKey(service.address)))
    tell({ type: 'services-ordered', order, complete: news.complete, serviceKeys })
    toForwarding({ type: 'services-wanted', order, ...news })
  }

  function inForce(): Index {
    const { virtualServers } = model()
    if (indexed.of !== virtualServers) indexed = indexOf(virtualServers)
    return indexed
  }

  /** The virtual servers of a key, that in force first; what a reload removed still has its scripts. */
  const serversOf = (key: string): readonly VirtualServer[] =>
    [inForce().byKey.get(key), removed.byKey.get(key)].filter((server) => server !== undefined)

  const isUp = (key: string, realServer: string) => health.get(`${key} ${realServer}`)?.up

  /** Scripts are about virtual servers, and a group is one with many services. */
  const ownerOf = (key: string): string => inForce().groups.get(key) ?? removed.groups.get(key) ?? key

  return {
    wanted({ type: _, ...news }) {
      wanted.take(news)
      send(news)
    },
    repeatWanted() {
      const services = wanted.all()
      if (services !== undefined) send({ complete: true, services })
    },
    known: () => wanted.known(),
    applied({ order: answered, failures }) {
      const unfinished = failures.filter(({ final }) => final !== true).map((failure) => ownerOf(failure.serviceKey))
      tell({ type: 'services-applied', order: answered, unfinished })
    },
    healthChanged({ record, announce, verdict }) {
      const before = health.get(healthKey(record))
      health.set(healthKey(record), record)
      onHealth(record)
      const { global } = model()
      const isFirst = before === undefined && global.realServerInitNotifies === true
      const change = verdict === undefined ? record : { ...record, verdict }
      const notifications =
        announce || isFirst
          ? realServerNotifications(serversOf(record.serviceKey), change, global)
          : checkerNotifications(serversOf(record.serviceKey), change, global)
      tell({ type: 'service-changed', serviceKey: record.serviceKey, notifications })
    },
    serverRemoved(change) {
      const notifications = realServerNotifications(
        serversOf(change.serviceKey),
        { ...change, up: false, reason: 'Removing' },
        model().global,
      )
      tell({ type: 'service-changed', serviceKey: change.serviceKey, notifications })
    },
    quorumChanged({ serviceKey: key, up, announce }) {
      // A new checker role may say again what scripts have heard.
      const heard = quorums.get(key) === up
      const isFirst = !quorums.has(key)
      if (inForce().byKey.has(key)) quorums.set(key, up)
      else quorums.delete(key)
      if (!announce || heard) return
      const notifications = quorumNotifications(serversOf(key), key, up, isUp, model().global, isFirst)
      tell({ type: 'service-changed', serviceKey: key, notifications })
    },
    health: () => [...health.values()],
    adopt(before, after) {
      removed = indexOf(before.virtualServers)
      const kept = new Set(
        after.virtualServers.flatMap(({ key, realServers }) =>
          realServers.map((real) => `${key} ${realServerKey(real)}`),
        ),
      )
      for (const key of health.keys()) if (!kept.has(key)) health.delete(key)
    },
    runStopNotifications() {
      tell({ type: 'stop-requested' })
      notifier.run(stopNotifications(model().virtualServers, isUp, model().global))
    },
  }
}

type Index = {
  readonly of: readonly VirtualServer[]
  readonly byKey: ReadonlyMap<string, VirtualServer>
  /** Services of groups, each with the key of its virtual server. */
  readonly groups: ReadonlyMap<string, string>
}

const indexOf = (of: readonly VirtualServer[]): Index => ({
  of,
  byKey: new Map(of.map((server) => [server.key, server])),
  groups: new Map(
    of.flatMap((server) =>
      server.group === undefined ? [] : servicesOf(server).map((one) => [serviceKey(one), server.key] as const),
    ),
  ),
})
