import type { Instant } from '../../base/index.ts'
import { takenOut } from '../../proto/server-orders/index.ts'
import { type Condition, keptInPanic, quorumWeight, rampedWeight, weightOf } from '../../proto/virtual-server/index.ts'
import type { RealServerRun, ServiceRun } from './book.ts'

/** The weight a real server counts with: by configuration or an operator, and by its checkers. */
export const effectiveWeight = ({ model, checkers, orders }: RealServerRun): number =>
  weightOf(
    model,
    checkers.map(({ health }) => health.contribution),
    orders.weight?.weight,
  )

/** What counts of each real server of a virtual server, in the order of the model. */
export const conditionsOf = ({ realServers }: ServiceRun, now: Instant): readonly Condition[] =>
  realServers.map((server) => {
    const condition = conditionOf(server)
    const { ramp } = server
    return ramp === undefined ? condition : { ...condition, rampedWeight: rampedWeight(condition.weight, ramp, now) }
  })

/** Without its slow start, which is a matter of time. */
function conditionOf(server: RealServerRun): Condition {
  const order = takenOut(server.orders)
  return {
    alive: server.alive,
    weight: effectiveWeight(server),
    ...(order === undefined ? {} : { order }),
    ...(server.kept ? { kept: true } : {}),
  }
}

/** Something about the real server has changed: the weight of its virtual server follows. */
export function recount(server: RealServerRun): void {
  const counted = quorumWeight(conditionOf(server))
  server.service.weight += counted - server.counted
  server.counted = counted
}

/** Decides anew which servers that were found down serve all the same (panic_threshold), and what all of them weigh. */
export function keepInPanic({ model, realServers }: ServiceRun): void {
  const { panicThreshold } = model
  const kept =
    panicThreshold === undefined
      ? new Set<number>()
      : keptInPanic(
          panicThreshold,
          realServers.map(({ alive, neverUp, orders, since }) => ({
            alive,
            neverUp,
            ordered: takenOut(orders) !== undefined,
            since,
          })),
        )
  for (const [i, server] of realServers.entries()) {
    server.kept = kept.has(i)
    // In a panic nobody is spared: who was found down serves with its whole weight, and would get what one that is well does not.
    if (kept.size > 0) server.ramp = undefined
    recount(server)
  }
}
