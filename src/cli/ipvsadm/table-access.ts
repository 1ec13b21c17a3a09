import {
  endpoint,
  type ForwardingBackend,
  type ForwardingOp,
  type ForwardingState,
  type OpResult,
  serviceKey,
} from '../../forwarding/index.ts'

/** What the command needs of a backend. */
export type IpvsadmBackend = Omit<ForwardingBackend, 'close' | 'probe'>

/** A backend whose table is read once and then followed: restore input asks of every line whether what it names exists. */
export type TableAccess = {
  readonly backend: IpvsadmBackend
  /** Whether there is such a service, or such a destination of it. */
  has(service: string, destination?: string): Promise<boolean>
  /** In order, one result each. */
  apply(ops: readonly ForwardingOp[]): Promise<readonly OpResult[]>
}

export function accessTable(backend: IpvsadmBackend): TableAccess {
  /** The destinations of each service; undefined: to be read. */
  let held: Map<string, Set<string>> | undefined
  return {
    backend,
    async has(service, destination) {
      held ??= namesIn(await backend.read())
      const destinations = held.get(service)
      return destinations !== undefined && (destination === undefined || destinations.has(destination))
    },
    async apply(ops) {
      const results = ops.length === 0 ? [] : await backend.apply(ops)
      if (results.length !== ops.length) throw new Error(`${results.length} answers to ${ops.length} orders`)
      if (results.some(({ ok }) => !ok)) held = undefined
      if (held !== undefined) for (const op of ops) follow(held, op)
      return results
    },
  }
}

const namesIn = ({ services }: ForwardingState): Map<string, Set<string>> =>
  new Map(
    services.map(({ service, destinations }) => [serviceKey(service.address), new Set(destinations.map(endpoint))]),
  )

function follow(held: Map<string, Set<string>>, op: ForwardingOp): void {
  switch (op.type) {
    case 'put-service': {
      const key = serviceKey(op.service.address)
      if (!held.has(key)) held.set(key, new Set())
      return
    }
    case 'remove-service':
      held.delete(op.serviceKey)
      return
    case 'put-destination':
      held.get(op.serviceKey)?.add(endpoint(op.destination))
      return
    case 'remove-destination':
      held.get(op.serviceKey)?.delete(op.destinationKey)
      return
  }
}
