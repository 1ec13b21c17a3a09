import { after, elapsed, type Instant, type Micros, micros } from '../../base/index.ts'
import type { VirtualRouter } from '../../model/index.ts'
import { resumableFor } from '../../proto/vrrp/index.ts'
import type { SupervisorPorts } from './ports.ts'

/**
 * The masters of a vrrp role that died. Its successor resumes them while no backup can have taken their place; from then on
 * what they held is another router's, and is taken off this host, however long the successor takes to come.
 */
export type ForsakenMasters = {
  /** @param at since when they have been silent */
  roleDied(masters: readonly VirtualRouter[], at: Instant): void
  /** Somebody looks after them. */
  roleServes(): void
}

export function createForsakenMasters(
  { clock, schedule }: Pick<SupervisorPorts, 'clock' | 'schedule'>,
  clear: (routers: readonly VirtualRouter[]) => void,
): ForsakenMasters {
  let cancels: readonly (() => void)[] = []
  const roleServes = () => {
    for (const cancel of cancels) cancel()
    cancels = []
  }
  return {
    roleDied(masters, at) {
      roleServes()
      const together = new Map<Micros, VirtualRouter[]>()
      for (const one of masters) {
        const length = resumableFor(one)
        together.set(length, [...(together.get(length) ?? []), one])
      }
      cancels = [...together].map(([length, routers]) =>
        schedule(micros(Math.max(0, elapsed(clock.now(), after(at, length)))), () => clear(routers)),
      )
    },
    roleServes,
  }
}
