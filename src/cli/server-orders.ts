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
  readonly runDir: string
}

export type ServerOrder =
  | { readonly request: 'drain' | 'undrain' | 'disable' | 'enable'; readonly servers: readonly string[] }
  /** Without a weight: that of the configuration. */
  | { readonly request: 'weight'; readonly servers: readonly string[]; readonly weight?: number }

/** Milliseconds; a drain that is waited for without a deadline may take as long as a connection lives. */
const patience = 30_000
const longest = 2_147_483_647

/** `holdfast drain`, `undrain`, `disable`, `enable`, `weight`: the exit code. */
export async function orderServers(order: ServerOrder, options: ServerOrderOptions): Promise<number> {
  const { service, reason, wait, runDir } = options
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
  let disabled = false
  const asked = await askDaemon(
    runDir,
    request,
    ({ told }) => {
      for (const line of told as readonly string[]) {
        process.stdout.write(`${line}\n`)
        if (line.includes('was not drained')) disabled = true
      }
      return 'enough'
    },
    wait === true ? longest : patience,
  )
  if (!asked.ok) return complain(asked.error)
  return disabled ? 1 : 0
}
