import { type Configuration, virtualRouterKey } from '../../model/index.ts'
import type { SyncRole } from '../ipc/index.ts'

/** Which sync daemons run, by the state of the virtual router that lvs_sync_daemon names. */
export type SyncRoleTeller = {
  /** A virtual router has changed its state. */
  follow(): void
  /** To a forwarding role that may not know. */
  tell(): void
}

export function createSyncRole(
  model: () => Configuration,
  isMaster: (key: string) => boolean,
  send: (role: SyncRole) => void,
): SyncRoleTeller {
  let told: SyncRole | undefined

  function roleNow(): SyncRole | undefined {
    const { global, virtualRouters } = model()
    if (global.connectionSync === undefined) return undefined
    const { instance } = global.connectionSync
    if (instance === undefined) return 'both'
    const router = virtualRouters.find(({ name }) => name === instance)
    return router !== undefined && isMaster(virtualRouterKey(router)) ? 'master' : 'backup'
  }

  function tell(): void {
    told = roleNow()
    if (told !== undefined) send(told)
  }

  return {
    tell,
    follow() {
      if (roleNow() !== told) tell()
    },
  }
}
