import { assertNever, fail, type Log, ok, parseEndpoint } from '../../base/index.ts'
import type { ServiceAddress } from '../../model/index.ts'
import type { IpvsDaemon, IpvsServiceIdentity } from '../../wire/ipvs/index.ts'
import {
  type Destination,
  endpoint,
  type ForwardingOp,
  type OpResult,
  type Service,
  type SyncDaemon,
  serviceKey,
} from '../index.ts'
import type { Kernel } from './kernel.ts'
import { parseServiceKey } from './keys.ts'
import { daemonRefusals, destinationRefusals, refusal, serviceRefusals } from './refusal.ts'
import { writeSettings } from './sysctls.ts'
import { identityOf, toKernelDestination, toKernelService } from './translate.ts'

/** Carries orders out, and remembers what of the kernel's table is ours. */
export class Orders {
  readonly #kernel: Kernel
  readonly #services = new Map<string, ServiceAddress>()
  readonly #daemons = new Set<SyncDaemon['role']>()

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  apply(op: ForwardingOp): OpResult {
    switch (op.type) {
      case 'put-service':
        return this.#putService(op.service)
      case 'remove-service':
        return this.#removeService(op.serviceKey)
      case 'put-destination':
        return this.#putDestination(op.serviceKey, op.destination)
      case 'remove-destination':
        return this.#removeDestination(op.serviceKey, op.destinationKey)
      case 'zero-counters':
        return this.#zero(op.serviceKey)
      case 'set-timeouts': {
        const done = this.#kernel.setTimeouts(op.timeouts)
        if (done.ok) return done
        return refusal('timeouts', done.error, {
          // INT_MAX / HZ.
          EINVAL: {
            reason: 'invalid',
            sentence:
              'seconds from 0, which keeps the value, to 2147483 are taken, by kernels with less than 1000 Hz more',
          },
        })
      }
      case 'set-settings':
        return writeSettings(op.settings)
      case 'start-sync-daemon':
        return this.#startDaemon(op.daemon)
      case 'stop-sync-daemon': {
        const done = this.#kernel.stopDaemon(op.role)
        if (done.ok) this.#daemons.delete(op.role)
        return done.ok ? done : refusal(`${op.role} sync daemon`, done.error, {})
      }
      default:
        return assertNever(op)
    }
  }

  /** Removes what these orders put, and nothing else. */
  undo(log: Log): void {
    const left = [...this.#services.keys()].map((key) => this.#removeService(key))
    for (const role of this.#daemons) left.push(this.apply({ type: 'stop-sync-daemon', role }))
    for (const result of left) if (!result.ok) log.error('not removed', { reason: result.error.message })
  }

  #putService(service: Service): OpResult {
    const key = serviceKey(service.address)
    if (service.localAddresses !== undefined && service.localAddresses.length > 0)
      return notSupported(key, 'local addresses are for FULLNAT, which only the embedded core has; use --backend ebpf')
    if (service.tcpOptionAddress)
      return notSupported(key, 'the TCP option with the client address is for FULLNAT; use --backend ebpf')
    const done = this.#kernel.putService(key, toKernelService(service))
    if (!done.ok) return refusal(key, done.error, serviceRefusals(service.scheduler, service.persistenceEngine))
    this.#services.set(key, service.address)
    return done
  }

  #removeService(key: string): OpResult {
    const identity = this.#identityOf(key)
    if (identity === undefined) return ok(undefined)
    const done = this.#kernel.removeService(key, identity)
    if (!done.ok) return refusal(key, done.error, {})
    this.#services.delete(key)
    return done
  }

  #putDestination(key: string, destination: Destination): OpResult {
    const name = `${endpoint(destination)} of ${key}`
    if (destination.method === 'fullnat')
      return notSupported(name, 'lb_kind FNAT is not in the kernel; use NAT, or --backend ebpf')
    if (destination.method !== 'tun' && destination.tunnel !== undefined)
      return fail({ reason: 'invalid', message: `${name}: a tunnel type needs lb_kind TUN` })
    const identity = this.#identityOf(key)
    if (identity === undefined)
      return fail({ reason: 'not-found', code: 'ESRCH', message: `${key}: no such service; put it first` })
    const done = this.#kernel.putDestination(name, identity, toKernelDestination(destination))
    return done.ok ? done : refusal(name, done.error, destinationRefusals)
  }

  #removeDestination(key: string, destinationKey: string): OpResult {
    const identity = this.#identityOf(key)
    const at = parseEndpoint(destinationKey)
    if (identity === undefined || at === undefined) return ok(undefined)
    const name = `${destinationKey} of ${key}`
    const done = this.#kernel.removeDestination(name, identity, at)
    return done.ok ? done : refusal(name, done.error, {})
  }

  #zero(key: string | undefined): OpResult {
    const identity = key === undefined ? undefined : this.#identityOf(key)
    if (key !== undefined && identity === undefined)
      return fail({ reason: 'not-found', code: 'ESRCH', message: `${key}: no such service` })
    const name = key ?? 'counters'
    const done = this.#kernel.zero(name, identity)
    if (done.ok) return done
    return refusal(name, done.error, { ESRCH: { reason: 'not-found', sentence: 'no such service' } })
  }

  /** One that runs with other values is stopped first; the kernel cannot change it. */
  #startDaemon(daemon: SyncDaemon): OpResult {
    const name = `${daemon.role} sync daemon`
    if (daemon.keys !== undefined)
      return notSupported(name, "the kernel's cannot sign; lvs_sync_key is for the embedded core")
    const wanted = kernelDaemon(daemon)
    let done = this.#kernel.startDaemon(wanted)
    if (!done.ok && done.error.code === 'EEXIST') {
      const running = this.#kernel.daemons()
      const same = running.ok && running.value.some((one) => one.role === daemon.role && covers(one, wanted))
      if (same) return ok(undefined)
      const stopped = this.#kernel.stopDaemon(daemon.role)
      done = stopped.ok ? this.#kernel.startDaemon(wanted) : stopped
    }
    if (!done.ok) return refusal(name, done.error, daemonRefusals(daemon.interface))
    this.#daemons.add(daemon.role)
    return done
  }

  /** Undefined for what is no key. */
  #identityOf(key: string): IpvsServiceIdentity | undefined {
    const address = this.#services.get(key) ?? parseServiceKey(key)
    return address === undefined ? undefined : identityOf(address)
  }
}

/** 0 is what a caller says who leaves it to the kernel. */
function kernelDaemon({ maxLength, port, ttl, ...rest }: SyncDaemon): IpvsDaemon {
  return { ...rest, ...(maxLength ? { maxLength } : {}), ...(port ? { port } : {}), ...(ttl ? { ttl } : {}) }
}

/** Whether what runs is what is wanted, in all that was said of it. */
const covers = (running: IpvsDaemon, wanted: IpvsDaemon): boolean =>
  (Object.keys(wanted) as readonly (keyof IpvsDaemon)[]).every((name) => running[name] === wanted[name])

const notSupported = (subject: string, sentence: string): OpResult =>
  fail({ reason: 'not-supported', message: `${subject}: ${sentence}` })
