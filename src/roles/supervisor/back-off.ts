import { type Micros, micros, millis } from '../../base/index.ts'

/** A role that has served this long before it dies is taken for healthy: its next restart waits for nothing. */
export const healthyAfter: Micros = millis(10_000)

/** So often a role that has not served yet may die before the start, or the reload, that asks for it has failed. */
export const mostFirstStarts = 5

/** How long to wait before the restart after `failures` quick deaths in a row: 0, 50 ms, 100 ms … 5 s. */
export function restartDelay(failures: number): Micros {
  if (failures === 0) return micros(0)
  return millis(Math.min(50 * 2 ** Math.min(failures - 1, 10), 5_000))
}
