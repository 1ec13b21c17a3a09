/** The words of `holdfast`, by what they are about: what each takes, and which file carries it out, loaded only then. */

export { addConfigurationCommands } from './configurations.ts'
export { addHostCommands } from './host.ts'
export { addRouterOrders } from './routers.ts'
export { addServerOrders } from './servers.ts'
export type { Ends } from './shared.ts'
export { addWatching } from './watching.ts'
