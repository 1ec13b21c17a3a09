/** On which interfaces the program hangs, and putting it there. */

import type { Log } from '../../base/index.ts'
import {
  type AttachmentKind,
  attachIngress,
  type BpfProgram,
  detachIngress,
  listPins,
  removePin,
} from '../../sys/bpf/index.ts'
import type { Link } from '../../sys/netlink/index.ts'
import { MARKS_IN, MARKS_OUT } from './marks.ts'

const ARPHRD_ETHER = 1
/** Their ports hand every frame up to them, where the program sees it with the right interface. */
const AGGREGATES = ['bridge', 'bond', 'team', 'openvswitch']
const PIN_PREFIX = 'link-'

/** Ethernet, not loopback, not a port of a bridge or bond; `only` restricts it to names. */
export function carriesTraffic(link: Link, links: readonly Link[], only: readonly string[] | undefined): boolean {
  if (link.loopback || link.type !== ARPHRD_ETHER || link.name === MARKS_OUT) return false
  if (link.name === MARKS_IN) return true
  if (only !== undefined) return only.includes(link.name)
  const master = links.find(({ index }) => index === link.masterIndex)
  return master?.kind === undefined || !AGGREGATES.includes(master.kind)
}

export class Interfaces {
  readonly #kind: AttachmentKind
  readonly #program: BpfProgram
  readonly #directory: string
  readonly #only: readonly string[] | undefined
  readonly #log: Log
  readonly #attached = new Map<number, string>()

  constructor(
    kind: AttachmentKind,
    program: BpfProgram,
    directory: string,
    only: readonly string[] | undefined,
    log: Log,
  ) {
    this.#kind = kind
    this.#program = program
    this.#directory = directory
    this.#only = only
    this.#log = log
  }

  /** Attaches where it is missing, detaches where it should not be. A failure is logged and tried again the next time. */
  follow(links: readonly Link[]): void {
    const wanted = links.filter((link) => carriesTraffic(link, links, this.#only))
    for (const { index, name } of wanted) {
      if (this.#attached.get(index) === name) continue
      const done = attachIngress(this.#kind, this.#program, index, this.#pin(index))
      if (done.ok) this.#attached.set(index, name)
      else this.#log.error('cannot attach the forwarding program', { interface: name, reason: done.error.message })
    }
    const stay = new Set(wanted.map(({ index }) => index))
    for (const index of this.#attached.keys()) {
      if (stay.has(index)) continue
      if (links.some((link) => link.index === index)) detachIngress(this.#kind, index, this.#pin(index))
      else removePin(this.#pin(index))
      this.#attached.delete(index)
    }
  }

  /** Removes the links of interfaces that an earlier run knew and that are gone or no longer wanted. */
  dropStale(): void {
    for (const name of listPins(this.#directory)) {
      if (!name.startsWith(PIN_PREFIX)) continue
      const index = Number(name.slice(PIN_PREFIX.length))
      if (!this.#attached.has(index)) detachIngress('tcx', index, this.#pin(index))
    }
  }

  detachAll(): void {
    for (const index of this.#attached.keys()) detachIngress(this.#kind, index, this.#pin(index))
    this.#attached.clear()
  }

  #pin(index: number): string {
    return `${this.#directory}/${PIN_PREFIX}${index}`
  }
}
