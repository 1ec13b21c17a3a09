import { type Micros, seconds } from '../../base/index.ts'
import type { SupervisorPorts } from './ports.ts'

/** A role that says nothing for so long is not waited for: a reload of 40,000 servers keeps it busy for seconds. */
const patience: Micros = seconds(5)

/** Snapshots that were asked for and have not come; each resolves with undefined when the role falls silent. */
export type SnapshotRequests<Snapshot> = {
  ask(send: (id: number) => void): Promise<Snapshot | undefined>
  /** @param more  it is a piece of one, and not the last */
  came(id: number, snapshot: Snapshot, more: boolean): void
  /** The role has said something, whatever it was. */
  heard(): void
  /** The process is gone: none will come. */
  giveUp(): void
}

type Request<Snapshot> = {
  readonly pieces: Snapshot[]
  settle(snapshot: Snapshot | undefined): void
  cancel(): void
}

/** @param join  what one or more pieces are together */
export function createSnapshotRequests<Snapshot>(
  { schedule }: Pick<SupervisorPorts, 'schedule'>,
  join: (pieces: readonly Snapshot[]) => Snapshot | undefined,
): SnapshotRequests<Snapshot> {
  const waiting = new Map<number, Request<Snapshot>>()
  let last = 0

  const wait = (request: Request<Snapshot>): void => {
    request.cancel = schedule(patience, () => request.settle(undefined))
  }

  return {
    ask(send) {
      const id = ++last
      return new Promise((resolve) => {
        const request: Request<Snapshot> = {
          pieces: [],
          settle(snapshot) {
            waiting.delete(id)
            request.cancel()
            resolve(snapshot)
          },
          cancel() {},
        }
        waiting.set(id, request)
        wait(request)
        send(id)
      })
    },
    came(id, snapshot, more) {
      const request = waiting.get(id)
      request?.pieces.push(snapshot)
      if (!more) request?.settle(join(request.pieces))
    },
    heard() {
      for (const request of waiting.values()) {
        request.cancel()
        wait(request)
      }
    },
    giveUp() {
      for (const { settle } of [...waiting.values()]) settle(undefined)
    },
  }
}
