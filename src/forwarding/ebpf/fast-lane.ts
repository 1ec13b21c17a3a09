/**
 * The fast lane: xdp.bpf.c in the drivers of interfaces where that is safe. It takes packets of established connections
 * between such interfaces and leaves all others to the program at tc ingress, so it can come and go at any time.
 */

import { fail, type Log, ok, type Result, sameBytes } from '../../base/index.ts'
import {
  attachDriver,
  type BpfMap,
  type BpfProgram,
  listPins,
  loadObject,
  objectPath,
  releaseLink,
} from '../../sys/bpf/index.ts'
import type { SystemError } from '../../sys/descriptor/index.ts'
import { readText } from '../../sys/files/index.ts'
import type { Link } from '../../sys/netlink/index.ts'
import { carriesTraffic } from './interfaces.ts'
import type { Director } from './program.ts'
import { u32 } from './struct.ts'

/**
 * `auto`: interfaces whose driver is known to run XDP well. Names: these and no others, veth too, where frames with partial
 * checksums and segmentation offload would leave broken: switch them off on every end first.
 */
export type FastLaneWish = 'off' | 'auto' | readonly string[]

const PIN_PREFIX = 'xdp-'
/** struct xdp_link: six bytes of link-level address and two of padding. */
const XDP_LINK_SIZE = 8
/** Drivers with XDP, redirection, and frames of complete checksums (Documentation/networking of Linux 6.12). */
const DRIVERS = [
  'atlantic',
  'bnxt_en',
  'ena',
  'i40e',
  'ice',
  'igb',
  'igc',
  'ixgbe',
  'mlx4_en',
  'mlx5_core',
  'mvneta',
  'mvpp2',
  'nfp',
  'qede',
  'sfc',
  'stmmac',
]

type Lane = { readonly program: BpfProgram; readonly links: BpfMap; readonly ports: BpfMap }

export class FastLane {
  readonly #director: Director
  readonly #wish: FastLaneWish
  readonly #directory: string
  readonly #driverOf: (name: string) => string | undefined
  readonly #log: Log
  readonly #attached = new Map<number, Link>()
  readonly #refused = new Set<number>()
  #lane: Lane | undefined

  /** @param driverOf  the kernel driver of an interface; undefined: it has none */
  constructor(
    director: Director,
    wish: FastLaneWish,
    directory: string,
    driverOf: (name: string) => string | undefined,
    log: Log,
  ) {
    this.#director = director
    this.#wish = wish
    this.#directory = directory
    this.#driverOf = driverOf
    this.#log = log
  }

  /** Attaches where it is missing and safe, detaches where it is not. A driver that refuses is told once and left to tc. */
  follow(links: readonly Link[]): void {
    const wanted = links.filter((link) => this.#wanted(link, links))
    const stay = new Set(wanted.map(({ index }) => index))
    for (const index of this.#refused) if (!links.some((link) => link.index === index)) this.#refused.delete(index)
    for (const index of [...this.#attached.keys()]) if (!stay.has(index)) this.#leave(index)
    for (const link of wanted) this.#enter(link)
  }

  /** The names of the interfaces in the lane. */
  interfaces(): readonly string[] {
    return [...this.#attached.values()].map(({ name }) => name)
  }

  /** Removes the links of interfaces that an earlier run had in the lane and that are gone or no longer wanted. */
  dropStale(): void {
    for (const name of listPins(this.#directory)) {
      if (!name.startsWith(PIN_PREFIX)) continue
      if (!this.#attached.has(Number(name.slice(PIN_PREFIX.length)))) releaseLink(`${this.#directory}/${name}`)
    }
  }

  detachAll(): void {
    for (const index of [...this.#attached.keys()]) this.#leave(index)
  }

  close(): void {
    this.#lane?.program.close()
    this.#lane?.links.close()
    this.#lane?.ports.close()
  }

  #wanted(link: Link, links: readonly Link[]): boolean {
    if (this.#wish === 'off' || !link.up || this.#refused.has(link.index)) return false
    if (this.#wish !== 'auto') return this.#wish.includes(link.name)
    const driver = link.kind === undefined ? this.#driverOf(link.name) : undefined
    return driver !== undefined && DRIVERS.includes(driver) && carriesTraffic(link, links, undefined)
  }

  #enter(link: Link): void {
    const held = this.#attached.get(link.index)
    if (held !== undefined && sameBytes(held.mac, link.mac)) return
    const done = this.#attach(link)
    if (done.ok) {
      this.#attached.set(link.index, link)
      if (held === undefined) this.#tell(link.name)
      return
    }
    this.#refused.add(link.index)
    this.#log.warn('interface has no fast lane; its packets take the way through tc', {
      interface: link.name,
      reason: done.error.message,
    })
  }

  #tell(name: string): void {
    this.#log.info('interface has the fast lane', { interface: name })
    // The lookup of next hops answers only for interfaces that forward.
    const forwards = readText(`/proc/sys/net/ipv4/conf/${name}/forwarding`)
    if (forwards.ok && forwards.value.trim() === '0')
      this.#log.warn('the fast lane is not used while its interface does not forward', {
        interface: name,
        remedy: `sysctl -w net.ipv4.conf.${name}.forwarding=1`,
      })
  }

  #attach(link: Link): Result<void, SystemError> {
    const lane = this.#load()
    if (!lane.ok) return lane
    const { program, links, ports } = lane.value
    const record = new Uint8Array(XDP_LINK_SIZE)
    record.set(link.mac.subarray(0, 6))
    const written = links.update(u32(link.index), record)
    if (!written.ok) return written
    const attached = attachDriver(program, link.index, this.#pin(link.index))
    // Only what has the program itself is sent to: most drivers need it for that.
    return attached.ok ? ports.update(u32(link.index), u32(link.index)) : attached
  }

  #load(): Result<Lane, SystemError> {
    if (this.#lane !== undefined) return ok(this.#lane)
    const reuse = new Map<string, BpfMap>(Object.entries(this.#director.maps))
    const object = loadObject({ path: objectPath('xdp.bpf.o'), reuse })
    if (!object.ok) return object
    const own = ['xdp_links', 'xdp_ports']
    for (const [name, map] of object.value.maps) if (!own.includes(name)) map.close()
    const program = object.value.programs.get('fast_lane')
    const links = object.value.maps.get('xdp_links')
    const ports = object.value.maps.get('xdp_ports')
    if (program === undefined || links === undefined || ports === undefined)
      return fail({ code: 'ENOENT', call: 'BPF_PROG_LOAD', message: 'xdp.bpf.o is not complete; build it again' })
    this.#lane = { program, links, ports }
    return ok(this.#lane)
  }

  #leave(index: number): void {
    this.#lane?.ports.delete(u32(index))
    this.#lane?.links.delete(u32(index))
    releaseLink(this.#pin(index))
    this.#attached.delete(index)
  }

  #pin(index: number): string {
    return `${this.#directory}/${PIN_PREFIX}${index}`
  }
}
