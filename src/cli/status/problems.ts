import type {
  BfdSessionSnapshot,
  RealServerSnapshot,
  VirtualRouterSnapshot,
  VirtualServerSnapshot,
} from '../../observe/index.ts'
import { count } from './amounts.ts'

/** What `status --problems` shows: what is not as the configuration has it. */
export const isRouterProblem = ({ state, order, tracked = [], incidents = [] }: VirtualRouterSnapshot): boolean =>
  state === 'fault' ||
  state === 'initialize' ||
  order !== undefined ||
  incidents.length > 0 ||
  tracked.some(({ found }) => found !== 'good' && found !== 0)

export const isSessionProblem = ({ state, failure }: BfdSessionSnapshot): boolean =>
  state !== 'up' || failure !== undefined

/** Down, unknown, bound by an order, or of another weight than configured. */
export const isServerProblem = ({ state, orders, effectiveWeight, checkers }: RealServerSnapshot): boolean =>
  state !== 'up' || orders !== undefined || effectiveWeight !== undefined || checkers.some(({ up }) => !up)

/** @param failed  keys of services that are not in the table as they should be */
export const isServiceProblem = (
  { key, group, quorum, suspended, realServers }: VirtualServerSnapshot,
  failed: ReadonlySet<string>,
): boolean =>
  quorum === 'down' ||
  suspended === true ||
  realServers.some(isServerProblem) ||
  [key, ...(group?.others ?? [])].some((one) => failed.has(one))

/** `2 of 1 200 real servers down, 1 bound by orders; 1 of 40 virtual servers without quorum`. */
export function serversInNumbers(virtualServers: readonly VirtualServerSnapshot[]): string {
  const real = virtualServers.flatMap(({ realServers }) => realServers)
  const down = real.filter(({ state }) => state === 'down').length
  const unknown = real.filter(({ state }) => state === 'unknown').length
  const ordered = real.filter(({ orders }) => orders !== undefined).length
  const lost = virtualServers.filter(({ quorum }) => quorum === 'down').length
  return [
    `${count(down)} of ${count(real.length)} real servers down`,
    ...(unknown === 0 ? [] : [`, ${count(unknown)} not known yet`]),
    ...(ordered === 0 ? [] : [`, ${count(ordered)} bound by orders`]),
    `; ${count(lost)} of ${count(virtualServers.length)} virtual servers without quorum`,
  ].join('')
}
