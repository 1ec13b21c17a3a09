import { type Plan, plan } from '../../config/index.ts'
import { type Configuration, virtualRouterKey } from '../../model/index.ts'
import type { DaemonSnapshot } from '../../observe/index.ts'
import type { SupervisorPorts } from './ports.ts'
import { reloadVerdict } from './reload-verdict.ts'

/** What a reload with a file would do. */
export type ReloadPlan = {
  readonly file: string
  /** Why it would be refused, a line for each reason; absent: it would not. */
  readonly refused?: string
  /** What would be remarked on and done all the same. */
  readonly warnings: readonly string[]
  /** Absent: the file holds no configuration at all. */
  readonly changes?: Plan
}

/** Reads the file as a reload would, and changes nothing. */
export async function planReload(
  ports: Pick<SupervisorPorts, 'loadConfiguration'>,
  ownFile: string,
  file: string | undefined,
  model: Configuration,
  routers: () => Promise<Pick<DaemonSnapshot, 'virtualRouters'>>,
): Promise<ReloadPlan> {
  const loaded = ports.loadConfiguration(file)
  const { virtualRouters } = await routers()
  const states = new Map(virtualRouters.map((router) => [virtualRouterKey(router), router.state]))
  const verdict = reloadVerdict(loaded, file ?? ownFile)
  const { configuration, complaints } = loaded
  return {
    file: file ?? ownFile,
    ...(verdict.ok ? {} : { refused: verdict.error }),
    warnings: complaints.filter(({ severity }) => severity === 'warning').map(({ text }) => text),
    ...(configuration === undefined ? {} : { changes: plan(model, configuration, (key) => states.get(key)) }),
  }
}
