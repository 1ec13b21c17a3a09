import process from 'node:process'
import { askDaemon, complain } from './daemon-request.ts'
import { duration } from './journal/index.ts'
import { whoAsks } from './who-asks.ts'

export type OrderOptions = {
  readonly all?: true
  readonly reason?: string
  readonly for?: string
  readonly runDir: string
}

export type Order =
  | { readonly request: 'failover' | 'hold' | 'release'; readonly names: readonly string[] }
  | { readonly request: 'maintenance'; readonly on: boolean }

/** Longer than two of the longest advertisement intervals, which is how long a master waits for another to be heard. */
const patience = 600_000

/** `holdfast failover`, `hold`, `release`, `maintenance`: the exit code. */
export async function giveOrder(order: Order, { all, reason, for: limit, runDir }: OrderOptions): Promise<number> {
  if (order.request !== 'maintenance' && (all === true) === order.names.length > 0)
    return complain(`${order.request} takes names of virtual routers or sync groups, or --all`)
  const length = limit === undefined ? undefined : duration(limit)
  if (length?.ok === false) return complain(length.error)
  const request = {
    ...order,
    by: whoAsks(),
    ...(all === true ? { all } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(length === undefined ? {} : { limit: length.value }),
  }
  const asked = await askDaemon(
    runDir,
    request,
    ({ told }) => {
      for (const line of told as readonly string[]) process.stdout.write(`${line}\n`)
      return 'enough'
    },
    patience,
  )
  return asked.ok ? 0 : complain(asked.error)
}
