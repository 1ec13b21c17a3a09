import type { Instant } from '../../base/index.ts'
import { takenOut } from '../../proto/server-orders/index.ts'
import { type Condition, keptInPanic, rampedWeight, weightOf } from '../../proto/virtual-server/index.ts'
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
    const { alive, orders, ramp, kept } = server
    const weight = effectiveWeight(server)
    const order = takenOut(orders)
    return {
      alive,
      weight,
      ...(order === undefined ? {} : { order }),
      ...(kept ? { kept: true } : {}),
      ...(ramp === undefined ? {} : { rampedWeight: rampedWeight(weight, ramp, now) }),
    }
  })

/** Decides anew which servers that were found down serve all the same (panic_threshold). */
export function keepInPanic({ model, realServers }: ServiceRun): void {
  const { panicThreshold } = model
  const kept =
    panicThreshold === undefined
      ? new Set<number>()
      : keptInPanic(
          panicThreshold,
          realServers.map(({ alive, orders, since }) => ({ alive, ordered: takenOut(orders) !== undefined, since })),
        )
  for (const [i, server] of realServers.entries()) server.kept = kept.has(i)
}
