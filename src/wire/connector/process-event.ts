/**
 * `struct cn_msg` and in it `struct proc_event` (linux/connector.h, linux/cn_proc.h), in the host's byte order:
 *
 *     0        4        8        12       16       18       20      24      28          36
 *     | idx 1  | val 1  | seq    | ack    | length | flags  | what  | cpu   | timestamp | what it is about …
 */
import { fail, ok, type Result } from '../../base/index.ts'

export type ProcessEvent =
  /** The kernel's answer to `encodeListen`: 0, or an errno. */
  | { readonly type: 'acknowledged'; readonly error: number }
  /** Threads are tasks too: one whose id is not its process's is a thread. */
  | { readonly type: 'forked'; readonly parent: Task; readonly child: Task }
  | { readonly type: 'executed'; readonly task: Task }
  | { readonly type: 'renamed'; readonly task: Task }
  | { readonly type: 'exited'; readonly task: Task }
  /** Of no interest: ids, sessions, tracing, core dumps. */
  | { readonly type: 'other'; readonly what: number }

export type Task = { readonly id: number; readonly process: number }

export type WrongProcessEvent = { readonly field: 'length' | 'connector'; readonly got: number }

/** CN_IDX_PROC and CN_VAL_PROC; the first is the multicast group too. */
export const PROCESS_CONNECTOR = 1
const CONNECTOR_HEADER = 20
const EVENT_HEADER = 16
const LISTEN = 1

/** PROC_EVENT_*. */
const NONE = 0x0
const FORK = 0x1
const EXEC = 0x2
const COMM = 0x200
const EXIT = 0x8000_0000

/** Asks to be told of processes: PROC_CN_MCAST_LISTEN, the payload of a netlink message of type NLMSG_DONE. */
export function encodeListen(little: boolean): Uint8Array {
  const bytes = new Uint8Array(CONNECTOR_HEADER + 4)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, PROCESS_CONNECTOR, little)
  view.setUint32(4, PROCESS_CONNECTOR, little)
  view.setUint16(16, 4, little)
  view.setUint32(CONNECTOR_HEADER, LISTEN, little)
  return bytes
}

/** @param payload  of a netlink message; not kept */
export function decodeProcessEvent(payload: Uint8Array, little: boolean): Result<ProcessEvent, WrongProcessEvent> {
  const header = CONNECTOR_HEADER + EVENT_HEADER
  if (payload.length < header) return fail({ field: 'length', got: payload.length })
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length)
  const index = view.getUint32(0, little)
  if (index !== PROCESS_CONNECTOR) return fail({ field: 'connector', got: index })
  const length = view.getUint16(16, little)
  if (length < EVENT_HEADER || CONNECTOR_HEADER + length > payload.length) return fail({ field: 'length', got: length })
  const what = view.getUint32(CONNECTOR_HEADER, little)
  const needed = sizes.get(what) ?? 0
  if (length < EVENT_HEADER + needed) return fail({ field: 'length', got: length })
  const taskAt = (at: number): Task => ({
    id: view.getInt32(header + at, little),
    process: view.getInt32(header + at + 4, little),
  })
  switch (what) {
    case NONE:
      return ok({ type: 'acknowledged', error: view.getUint32(header, little) })
    case FORK:
      return ok({ type: 'forked', parent: taskAt(0), child: taskAt(8) })
    case EXEC:
      return ok({ type: 'executed', task: taskAt(0) })
    case COMM:
      return ok({ type: 'renamed', task: taskAt(0) })
    case EXIT:
      return ok({ type: 'exited', task: taskAt(0) })
    default:
      return ok({ type: 'other', what })
  }
}

/** Bytes that are read of each. */
const sizes: ReadonlyMap<number, number> = new Map([
  [NONE, 4],
  [FORK, 16],
  [EXEC, 8],
  [COMM, 8],
  [EXIT, 8],
])
