/**
 * Orders that need the programs of IPv6 before these are loaded. They wait for them, and so do later ones about the same
 * services; all others are carried out meanwhile.
 */

import { fail, ok } from '../../base/index.ts'
import { type ForwardingOp, type OpResult, type Service, serviceKey } from '../index.ts'
import { acceptService } from './accept.ts'
import { tunnelsByIpv6 } from './destinations.ts'
import type { Ipv6Programs } from './ipv6-programs.ts'

type Numbered = { readonly op: ForwardingOp; readonly at: number }

export class LateOrders {
  readonly #programs: Ipv6Programs
  readonly #carryOut: (ops: readonly ForwardingOp[]) => Promise<readonly OpResult[]>
  /** Services that orders wait for, with how many lists of orders do. */
  readonly #awaited = new Map<string, number>()
  readonly #underWay = new Set<Promise<unknown>>()

  /** @param carryOut  in order, one list after another */
  constructor(programs: Ipv6Programs, carryOut: (ops: readonly ForwardingOp[]) => Promise<readonly OpResult[]>) {
    this.#programs = programs
    this.#carryOut = carryOut
  }

  /** Resolves when these orders need not wait any more, or cannot be carried out. Undefined: that is so now. */
  readies(ops: readonly ForwardingOp[]): Promise<void> | undefined {
    return this.#lateKeys(ops).size === 0 ? undefined : this.#programs.wait()
  }

  /** One result an order. */
  async apply(ops: readonly ForwardingOp[]): Promise<readonly OpResult[]> {
    const keys = this.#lateKeys(ops)
    if (keys.size === 0) return this.#carryOut(ops)
    const numbered = ops.map((op, at) => ({ op, at }))
    const isLate = ({ op }: Numbered) => keys.has(keyOf(op))
    const results = new Array<OpResult>(ops.length)
    const done = Promise.all([
      this.#into(
        results,
        numbered.filter((one) => !isLate(one)),
      ),
      this.#later(results, numbered.filter(isLate), keys),
    ])
    this.#underWay.add(done)
    await done
    this.#underWay.delete(done)
    return results
  }

  /** Resolves when no order waits. */
  async idle(): Promise<void> {
    await Promise.all(this.#underWay)
    await this.#programs.idle()
  }

  async #later(results: OpResult[], orders: readonly Numbered[], keys: ReadonlySet<string>): Promise<void> {
    for (const key of keys) this.#awaited.set(key, (this.#awaited.get(key) ?? 0) + 1)
    const loaded = await this.#programs.load()
    for (const key of keys) {
      const others = (this.#awaited.get(key) ?? 1) - 1
      if (others > 0) this.#awaited.set(key, others)
      else this.#awaited.delete(key)
    }
    if (loaded.ok) return this.#into(results, orders)
    const { message } = loaded.error
    for (const { op, at } of orders)
      if (needsIpv6(op)) results[at] = fail({ reason: 'system', message: `${keyOf(op)}: ${message}` })
    return this.#into(
      results,
      orders.filter(({ op }) => !needsIpv6(op)),
    )
  }

  async #into(results: OpResult[], orders: readonly Numbered[]): Promise<void> {
    if (orders.length === 0) return
    const carriedOut = await this.#carryOut(orders.map(({ op }) => op))
    for (const [i, { at }] of orders.entries()) results[at] = carriedOut[i] ?? ok(undefined)
  }

  /** The services of which something has to wait. */
  #lateKeys(ops: readonly ForwardingOp[]): ReadonlySet<string> {
    const keys = new Set<string>()
    if (this.#programs.loaded && this.#awaited.size === 0) return keys
    for (const op of ops) {
      const key = keyOf(op)
      if ((!this.#programs.loaded && needsIpv6(op)) || this.#awaited.has(key)) keys.add(key)
    }
    return keys
  }
}

/** That of the service; an order about forwarding as a whole is about none. */
function keyOf(op: ForwardingOp): string {
  if (op.type === 'put-service') return serviceKey(op.service.address)
  return 'serviceKey' in op ? (op.serviceKey ?? '') : ''
}

const needsIpv6 = (op: ForwardingOp): boolean => (op.type === 'put-service' ? ofIpv6(op.service) : tunnelsByIpv6(op))

/** What is refused anyhow waits for nothing. */
function ofIpv6(service: Service): boolean {
  const accepted = acceptService(service)
  return accepted.ok && accepted.value.family === 6
}
