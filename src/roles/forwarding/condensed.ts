import type { OpError, TableOp } from '../../forwarding/index.ts'
import { endpoint, serviceKey } from '../../model/index.ts'
import { type ServiceFailure, someOf } from './supported.ts'

/** An order that failed, and why. */
export type Refused = { readonly op: TableOp; readonly error: OpError }

type Group = { readonly failure: ServiceFailure; readonly destinations: string[] }

/** One sentence for all destinations of a service that were refused for the same reason, however many there are. */
export function condensed(refused: readonly Refused[]): readonly ServiceFailure[] {
  const groups = new Map<string, Group>()
  for (const { op, error } of refused) {
    const key = keyOf(op)
    const destination = destinationOf(op)
    const subject = `${destination}: `
    // A message begins with what it is about, unless it is about more than this destination.
    const about = destination !== undefined && error.message.startsWith(subject)
    const reason = about ? error.message.slice(subject.length) : error.message
    const final = error.reason === 'not-supported' || error.reason === 'invalid'
    const name = JSON.stringify([key, about, final, reason])
    const failure = { serviceKey: key, reason, ...(final ? { final: true as const } : {}) }
    const group = groups.get(name) ?? { failure, destinations: [] }
    groups.set(name, group)
    if (about) group.destinations.push(destination)
  }
  return [...groups.values()].map(({ failure, destinations }) =>
    destinations.length === 0 ? failure : { ...failure, reason: `${someOf(destinations)}: ${failure.reason}` },
  )
}

const destinationOf = (op: TableOp): string | undefined => {
  if (op.type === 'put-destination') return endpoint(op.destination)
  return op.type === 'remove-destination' ? op.destinationKey : undefined
}

/** The service that an order is about. */
export const keyOf = (op: TableOp): string =>
  op.type === 'put-service' ? serviceKey(op.service.address) : op.serviceKey
