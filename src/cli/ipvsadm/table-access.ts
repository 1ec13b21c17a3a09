import {
  applyOps,
  type ForwardingBackend,
  type ForwardingOp,
  type ForwardingState,
  type OpResult,
} from '../../forwarding/index.ts'

/** What the command needs of a backend. */
export type IpvsadmBackend = Omit<ForwardingBackend, 'close' | 'probe'>

/**
 * A backend whose table is read once and then followed: restore input asks of every line whether what it names exists.
 */
export type TableAccess = {
  readonly backend: IpvsadmBackend
  state(): Promise<ForwardingState>
  /** One order. */
  apply(op: ForwardingOp): Promise<OpResult>
}

export function accessTable(backend: IpvsadmBackend): TableAccess {
  let known: ForwardingState | undefined
  return {
    backend,
    async state() {
      known ??= await backend.read()
      return known
    },
    async apply(op) {
      const [result] = await backend.apply([op])
      if (result === undefined) throw new Error(`no answer to ${op.type}`)
      if (result.ok && known !== undefined && 'serviceKey' in op && op.type !== 'zero-counters')
        known = applyOps(known, [op])
      else if (op.type === 'put-service' || !result.ok) known = undefined
      return result
    },
  }
}
