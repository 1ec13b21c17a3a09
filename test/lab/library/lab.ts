import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Host, type InterfacePlan } from './host.ts'
import { removeLeftovers, removeNamespace } from './leftovers.ts'
import { must } from './process.ts'

const PREFIX = 'hf-'
const PINS = '/sys/fs/bpf/holdfast'

/** A bridge that hosts are plugged into. */
export class Segment {
  readonly namespace: string
  #ports = 0

  constructor(namespace: string) {
    this.namespace = namespace
    must(['ip', 'netns', 'add', namespace])
    // No spanning tree delay and no multicast snooping: a switch that forwards from the first frame on.
    const bridge = ['type', 'bridge', 'stp_state', '0', 'forward_delay', '0', 'mcast_snooping', '0']
    must(['ip', '-n', namespace, 'link', 'add', 'br0', ...bridge])
    must(['ip', '-n', namespace, 'link', 'set', 'br0', 'up'])
  }

  /** Lays a cable from the bridge to a host's new interface; the bridge's end is named after the host. */
  plug(host: string, device: string): void {
    const port = `p${++this.#ports}`
    must(['ip', 'link', 'add', port, 'netns', this.namespace, 'type', 'veth', 'peer', 'name', device, 'netns', host])
    must(['ip', '-n', this.namespace, 'link', 'set', port, 'alias', host, 'master', 'br0', 'up'])
  }

  /** Sets the bridge's end of a host's cable up or down; nothing happens where the host is not plugged in. */
  cable(host: string, state: 'up' | 'down'): void {
    type Shown = { ifname: string; ifalias?: string }
    const links = JSON.parse(must(['ip', '-n', this.namespace, '-j', 'link', 'show'])) as Shown[]
    for (const { ifname, ifalias } of links)
      if (ifalias === host) must(['ip', '-n', this.namespace, 'link', 'set', ifname, state])
  }
}

let opened = 0
const open = new Set<Lab>()

export class Lab {
  /** For configuration files, run directories, logs; readable by all, since roles drop privileges. */
  readonly directory: string
  readonly hosts: Host[] = []
  readonly #segments: Segment[] = []
  readonly #name: string

  constructor() {
    this.#name = `${PREFIX}${process.pid}-${++opened}-`
    this.directory = mkdtempSync(join(tmpdir(), `holdfast-lab-${process.pid}-`))
    must(['chmod', '755', this.directory])
    open.add(this)
  }

  segment(name = 'lan'): Segment {
    const segment = new Segment(`${this.#name}${name}`)
    this.#segments.push(segment)
    return segment
  }

  /** A host with these interfaces, up; the first one carries its multicast. */
  host(name: string, interfaces: Readonly<Record<string, InterfacePlan>>): Host {
    const host = new Host(this, name, `${this.#name}${name}`, interfaces)
    this.hosts.push(host)
    return host
  }

  cableOf(host: string, state: 'up' | 'down'): void {
    for (const segment of this.#segments) segment.cable(host, state)
  }

  logs(): string {
    return this.hosts.map((host) => host.logs()).join('\n')
  }

  /** Takes everything down. At once, not in order: a daemon's own clean-up is what tests look at, not what the lab needs. */
  close(): void {
    open.delete(this)
    for (const namespace of namespacesNamed(this.#name)) removeNamespace(namespace)
    removePins(this.directory)
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** Opens a lab. Throws where there is no root; removes what labs of ended processes left behind. */
export function openLab(): Lab {
  if (process.getuid?.() !== 0) throw new Error('the lab builds network namespaces and needs root')
  guardExit()
  removeLeftovers()
  // Pins live here; a container or a bare chroot may lack it.
  if (!existsSync('/sys/fs/bpf') || must(['stat', '-f', '-c', '%T', '/sys/fs/bpf']).trim() !== 'bpf_fs')
    must(['mount', '-t', 'bpf', 'bpf', '/sys/fs/bpf'])
  return new Lab()
}

const namespacesNamed = (prefix: string): string[] =>
  existsSync('/run/netns') ? readdirSync('/run/netns').filter((name) => name.startsWith(prefix)) : []

/** The pins of every daemon whose run directory lies in `directory`; a pin directory is named after it, with dashes. */
function removePins(directory: string): void {
  if (!existsSync(PINS)) return
  const mark = directory.replaceAll('/', '-').replace(/^-/, '')
  for (const name of readdirSync(PINS))
    if (name.includes(mark)) rmSync(join(PINS, name), { recursive: true, force: true })
}

let guarded = false
function guardExit(): void {
  if (guarded) return
  guarded = true
  process.on('exit', () => {
    for (const lab of open) lab.close()
  })
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const)
    process.on(signal, () => process.exit(128 + number))
}
