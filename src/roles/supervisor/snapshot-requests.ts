import { seconds } from '../../base/index.ts'
import type { SupervisorPorts } from './ports.ts'

const limit = seconds(2)

/** Snapshots that were asked for and have not come; each resolves with undefined when it does not come in time. */
export type SnapshotRequests<Snapshot> = {
  ask(send: (id: number) => void): Promise<Snapshot | undefined>
  came(id: number, snapshot: Snapshot): void
  /** The process is gone: none will come. */
  giveUp(): void
}

export function createSnapshotRequests<Snapshot>(ports: Pick<SupervisorPorts, 'schedule'>): SnapshotRequests<Snapshot> {
  const waiting = new Map<number, (snapshot: Snapshot | undefined) => void>()
  let last = 0
  return {
    ask(send) {
      const id = ++last
      return new Promise((resolve) => {
        const cancel = ports.schedule(limit, () => {
          waiting.delete(id)
          resolve(undefined)
        })
        waiting.set(id, (snapshot) => {
          cancel()
          waiting.delete(id)
          resolve(snapshot)
        })
        send(id)
      })
    },
    came: (id, snapshot) => waiting.get(id)?.(snapshot),
    giveUp() {
      for (const resolve of [...waiting.values()]) resolve(undefined)
    },
  }
}
