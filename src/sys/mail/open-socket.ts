import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import type { Socket } from 'node:net'
import { address, type Micros } from '../../base/index.ts'
import { Cancellation, dial, dialWithin } from '../net/index.ts'

export type MailServer = {
  readonly host: string
  readonly port: number
  /** What we call ourselves. */
  readonly heloName: string
  /** Of finding the server's addresses, of connecting to each, and of each answer. */
  readonly connectTimeout: Micros
  /** A name of `ip netns`, to send from there. */
  readonly namespace?: string
}

/** To the first of the host's addresses where somebody is; throws an Error with a code where there is none. */
export async function openSocket({ host, port, connectTimeout, namespace }: MailServer): Promise<Socket> {
  let reason = `${host} has no address`
  for (const found of await addressesOf(host, connectTimeout)) {
    const target = { address: address(found.address), port, connectTimeout }
    const dialled =
      namespace === undefined ? await dial(target, new Cancellation()) : await dialWithin(namespace, target)
    if (dialled.ok) return dialled.value
    reason = dialled.error.message
  }
  throw unreachable(reason)
}

/** Questions under way: each takes one of the few threads that reading files needs too, so none is asked twice at once. */
const asked = new Map<string, Promise<readonly LookupAddress[]>>()

async function addressesOf(host: string, wait: Micros): Promise<readonly LookupAddress[]> {
  let late: NodeJS.Timeout | undefined
  try {
    return await Promise.race([
      ask(host),
      new Promise<never>((_, reject) => {
        const milliseconds = Math.max(1, Math.ceil(wait / 1_000))
        late = setTimeout(
          () => reject(unreachable(`the name ${host} has not been resolved in ${milliseconds / 1_000} s`)),
          milliseconds,
        )
      }),
    ])
  } finally {
    clearTimeout(late)
  }
}

function ask(host: string): Promise<readonly LookupAddress[]> {
  const before = asked.get(host)
  if (before !== undefined) return before
  const answer = lookup(host, { all: true }).finally(() => asked.delete(host))
  asked.set(host, answer)
  return answer
}

const unreachable = (message: string): Error => Object.assign(new Error(message), { code: 'ECONNECTION' })
