import { assertNever } from '../../base/index.ts'
import { type Checker, endpoint, httpKeyword, serviceKey } from '../../model/index.ts'
import {
  type CheckerSnapshot,
  type RealServerSnapshot,
  serverOrderSnapshot,
  type VirtualServerSnapshot,
} from '../../observe/index.ts'
import { countsAsUp, question, realServerState } from '../../proto/health/index.ts'
import type { CheckerVerdict } from '../../proto/notify/index.ts'
import { rampedWeight, sorryServerInUse } from '../../proto/virtual-server/index.ts'
import type { Clock } from '../../sys/time/index.ts'
import { type HealthRecord, listText, type TextPiece } from '../ipc/index.ts'
import type { Book, CheckerRun, RealServerRun, ServiceRun } from './book.ts'
import { effectiveWeight } from './conditions.ts'

/** `TCP_CHECK 192.0.2.1:80` or `HTTP_GET 192.0.2.1:80/path`: the keyword the user wrote and what it asks. */
export function nameOf(checker: Checker, request: number): string {
  switch (checker.kind) {
    case 'tcp':
      return `TCP_CHECK ${endpoint(checker.target)}`
    case 'http':
      return `${httpKeyword(checker)} ${endpoint(checker.target)}${checker.requests[request]?.path ?? ''}`
    case 'grpc':
      return `GRPC_CHECK ${endpoint(checker.target)}${checker.service === '' ? '' : `/${checker.service}`}`
    case 'dns':
      return `DNS_CHECK ${endpoint(checker.target)} ${checker.type} ${checker.name}`
    case 'udp':
      return `UDP_CHECK ${endpoint(checker.target)}`
    case 'ping':
      return `PING_CHECK ${checker.target.address}`
    case 'smtp':
      return `SMTP_CHECK ${endpoint(checker.target)}`
    case 'misc':
      return `MISC_CHECK ${checker.command.argv.join(' ')}`
    case 'file':
      return `FILE_CHECK ${checker.file}`
    case 'bfd':
      return `BFD_CHECK ${checker.session}`
    default:
      return assertNever(checker)
  }
}

/** Why the server is down, in words: its first checker that says so. */
export function reasonOf(server: RealServerRun): string {
  const failed = server.checkers.find(({ health }) => health.verdict === 'down')
  if (failed === undefined) return 'no check has succeeded yet'
  const name = nameOf(failed.checker, failed.health.request)
  return failed.last === undefined ? `${name}: ${server.reason ?? 'down'}` : `${name}: ${failed.last.outcome.detail}`
}

/** What a checker has come to, and why. */
export function verdictOf({ checker, health, last }: CheckerRun): CheckerVerdict {
  const up = countsAsUp(health)
  const why = up || last === undefined ? {} : { reason: `${nameOf(checker, health.request)}: ${last.outcome.detail}` }
  return { kind: checker.kind, up, ...why }
}

/** The last probe's own words, where this role has made one; else what an earlier role knew. */
function reasonNow(server: RealServerRun): { readonly reason?: string } {
  if (server.alive || server.reason === undefined) return {}
  const failed = server.checkers.find(({ health }) => health.verdict === 'down')
  return { reason: failed?.last === undefined ? server.reason : reasonOf(server) }
}

export function recordOf(server: RealServerRun): HealthRecord {
  return {
    serviceKey: server.service.model.key,
    realServerKey: server.key,
    up: server.alive,
    failedCheckers: server.checkers.flatMap(({ checker, health }) =>
      health.verdict === 'down' ? [question(checker)] : [],
    ),
    ...contributionsOf(server),
    ...(server.neverUp ? { neverUp: true as const } : {}),
    ...(server.ramp === undefined ? {} : { risingSince: server.ramp.since }),
    since: isoTime(server.since),
    ...(server.reason === undefined ? {} : { reason: server.reason }),
  }
}

function contributionsOf({ checkers }: RealServerRun): Pick<HealthRecord, 'contributions'> {
  const adding = checkers.filter(({ health }) => health.contribution !== 0)
  return adding.length === 0
    ? {}
    : {
        contributions: Object.fromEntries(
          adding.map(({ checker, health }) => [question(checker), health.contribution]),
        ),
      }
}

/** All that is known of the virtual servers, each as it is when its piece is asked for. */
export const snapshotOf = (book: Book, clock: Clock): Iterator<TextPiece, void> =>
  listText(
    [...book.values()],
    ({ realServers }) => realServers.length,
    (service) => virtualServerSnapshot(service, clock),
  )

const virtualServerSnapshot = (
  { model, quorum, realServers, suspended }: ServiceRun,
  clock: Clock,
): VirtualServerSnapshot => ({
  key: model.group === undefined ? model.key : serviceKey(model.service),
  ...(model.group === undefined
    ? {}
    : { group: { name: model.group.name, others: model.group.others.map(serviceKey) } }),
  scheduler: model.scheduler,
  quorum: quorum.name,
  sorryServerInUse: sorryServerInUse(model, quorum),
  ...(suspended ? { suspended } : {}),
  realServers: realServers.map((server) => ({
    address: server.model.address,
    port: server.model.port,
    state: realServerState(server.checkers.map(({ health }) => health)),
    weight: server.model.weight,
    ...(server.model.hostName === undefined ? {} : { hostName: server.model.hostName }),
    ...standing(server, clock),
    since: isoTime(server.since),
    ...reasonNow(server),
    checkers: server.checkers.map(checkerSnapshot),
  })),
})

/** What is out of the ordinary about it. */
function standing(server: RealServerRun, clock: Clock): Partial<RealServerSnapshot> {
  const { model, orders, ramp, kept, alive } = server
  const weight = effectiveWeight(server)
  const times = { now: clock.now(), wall: clock.wall() }
  const given = [orders.leave, orders.service, orders.weight].flatMap((order) =>
    order === undefined ? [] : [serverOrderSnapshot(order, times)],
  )
  return {
    ...(weight === model.weight ? {} : { effectiveWeight: weight }),
    ...(given.length === 0 ? {} : { orders: given }),
    ...(ramp === undefined || !(alive || kept) ? {} : { rampedWeight: rampedWeight(weight, ramp, clock.now()) }),
    ...(kept ? { kept } : {}),
  }
}

const checkerSnapshot = ({ checker, health, last }: CheckerRun): CheckerSnapshot => ({
  kind: checker.kind,
  up: countsAsUp(health),
  ...(last === undefined
    ? {}
    : { lastProbe: isoTime(last.at), lastOutcome: last.outcome.reason, detail: last.outcome.detail }),
})

const isoTime = (wall: number): string => new Date(wall).toISOString()
