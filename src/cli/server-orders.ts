import process from 'node:process'
import { askDaemon, complain } from './daemon-request.ts'
import { duration } from './journal/index.ts'
import { whoAsks } from './who-asks.ts'

export type ServerOrderOptions = {
  readonly service?: string
  readonly reason?: string
  readonly for?: string
  readonly wait?: true
  readonly deadline?: string
  readonly json?: true
  readonly runDir: string
}

export type ServerOrder =
  | { readonly request: 'drain' | 'undrain' | 'disable' | 'enable'; readonly servers: readonly string[] }
  /** Without a weight: that of the configuration. */
  | { readonly request: 'weight'; readonly servers: readonly string[]; readonly weight?: number }

/** As the daemon tells of each; its JSON is printed as it is. */
type OrderedServer = { readonly realServer: string; readonly virtualServer?: string; readonly outcome: string }

/** What was not reached, although the order was carried out. */
const FAILURES: ReadonlySet<string> = new Set(['not-drained', 'order-ended', 'still-ordered', 'leaving'])

/** Milliseconds; a drain that is waited for without a deadline may take as long as a connection lives. */
const patience = 30_000
const longest = 2_147_483_647

/** `holdfast drain`, `undrain`, `disable`, `enable`, `weight`: the exit code. */
export async function orderServers(order: ServerOrder, options: ServerOrderOptions): Promise<number> {
  const { service, reason, wait, json, runDir } = options
  const lengths: { limit?: number; deadline?: number } = {}
  for (const [name, text] of [
    ['limit', options.for],
    ['deadline', options.deadline],
  ] as const) {
    if (text === undefined) continue
    const length = duration(text)
    if (!length.ok) return complain(length.error)
    lengths[name] = length.value
  }
  const request = {
    ...order,
    ...lengths,
    by: whoAsks(),
    ...(service === undefined ? {} : { service }),
    ...(reason === undefined ? {} : { reason }),
    ...(wait === undefined ? {} : { wait }),
  }
  let servers: readonly OrderedServer[] = []
  const asked = await askDaemon(
    runDir,
    request,
    (answer) => {
      servers = answer['servers'] as readonly OrderedServer[]
      const lines = json ? [JSON.stringify(servers, undefined, 2)] : (answer['told'] as readonly string[])
      process.stdout.write(lines.map((line) => `${line}\n`).join(''))
      return 'enough'
    },
    wait === true ? longest : patience,
  )
  if (!asked.ok) return complain(asked.error)
  return servers.some(({ outcome }) => FAILURES.has(outcome)) ? 1 : 0
}
