import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Holdfastd, type HoldfastdOptions, Keepalived } from './director.ts'
import type { Lab, Segment } from './lab.ts'
import { Load } from './load.ts'
import { LabProcess, must, type Output, run } from './process.ts'
import { repositoryRoot } from './root.ts'
import { PATIENCE, until } from './wait.ts'
import { Capture, Sender } from './wire.ts'

/** One interface of a host: the segment it is on and its addresses with their prefix lengths. */
export type InterfacePlan = { readonly segment: Segment; readonly addresses: readonly string[] }

export type NginxPlan = {
  /** Addresses with ports, as nginx's `listen` takes them. */
  readonly listen: readonly string[]
  readonly body: string
  /** Further `location` blocks. */
  readonly locations?: string
}

/** A host of the lab: a network namespace with interfaces on segments, and what runs in it. */
export class Host {
  readonly name: string
  readonly namespace: string
  /** Of this host, for configuration files, pids and logs; gone with the lab. */
  readonly directory: string
  readonly processes: LabProcess[] = []
  readonly #lab: Lab

  constructor(lab: Lab, name: string, namespace: string, interfaces: Readonly<Record<string, InterfacePlan>>) {
    this.#lab = lab
    this.name = name
    this.namespace = namespace
    this.directory = join(lab.directory, name)
    mkdirSync(this.directory, { mode: 0o755 })
    must(['ip', 'netns', 'add', namespace])
    must(this.inside('sysctl', '-q', '-w', ...NAMESPACE_SETTINGS))
    this.ip('link', 'set', 'lo', 'up')
    for (const [device, { segment, addresses }] of Object.entries(interfaces)) {
      segment.plug(namespace, device)
      for (const address of addresses) this.ip('addr', 'add', address, 'dev', device, 'nodad')
      this.ip('link', 'set', device, 'up')
    }
    const [first] = Object.keys(interfaces)
    // A sender without a bound interface needs to know where multicast goes.
    if (first !== undefined) this.ip('route', 'add', '224.0.0.0/4', 'dev', first)
  }

  /** The command as seen from this host's network; BPF file system and all else stay those of the machine. */
  inside(...argv: readonly string[]): string[] {
    return ['nsenter', `--net=/run/netns/${this.namespace}`, '--', ...argv]
  }

  /** Runs `ip` on this host at once; throws when it refuses. */
  ip(...argv: readonly string[]): string {
    return must(this.inside('ip', ...argv))
  }

  sysctl(...settings: readonly string[]): void {
    must(this.inside('sysctl', '-q', '-w', ...settings))
  }

  /** Runs a command to its end; its status is a value. */
  exec(...argv: readonly string[]): Promise<Output> {
    return run(this.inside(...argv))
  }

  /** Starts a process that runs until it is stopped or the lab closes. */
  spawn(name: string, argv: readonly string[], environment: NodeJS.ProcessEnv = quietEnvironment()): LabProcess {
    const process = new LabProcess(`${this.name}/${name}`, this.inside(...argv), environment)
    this.processes.push(process)
    return process
  }

  mac(device = 'eth0'): string {
    const [link] = JSON.parse(this.ip('-j', 'link', 'show', 'dev', device)) as { address: string }[]
    return link?.address ?? ''
  }

  /** Every address on the interfaces other than lo, without prefix lengths, link-local ones left out. */
  addresses(): string[] {
    type Shown = { ifname: string; addr_info: { local: string; scope: string }[] }
    const links = JSON.parse(this.ip('-j', 'addr', 'show')) as Shown[]
    return links
      .filter(({ ifname }) => ifname !== 'lo')
      .flatMap(({ addr_info }) => addr_info.filter(({ scope }) => scope !== 'link').map(({ local }) => local))
  }

  has(address: string): boolean {
    return this.addresses().includes(address)
  }

  /** Waits until the address is on one of this host's interfaces. */
  async holds(address: string, within = PATIENCE): Promise<void> {
    await until(`${this.name} holds ${address}`, () => this.has(address), { within, detail: () => this.logs() })
  }

  /** Waits until the address is on none of them. */
  async releases(address: string, within = PATIENCE): Promise<void> {
    await until(`${this.name} releases ${address}`, () => !this.has(address), { within, detail: () => this.logs() })
  }

  linkDown(device = 'eth0'): void {
    this.ip('link', 'set', device, 'down')
  }

  linkUp(device = 'eth0'): void {
    this.ip('link', 'set', device, 'up')
  }

  /** Pulls the cable: the other end goes down, this end sees no carrier. */
  cut(): void {
    this.#lab.cableOf(this.namespace, 'down')
  }

  mend(): void {
    this.#lab.cableOf(this.namespace, 'up')
  }

  /** A real server's set-up for direct routing: the address on lo, and ARP for it left to the director. */
  takeVirtualAddress(address: string): void {
    for (const scope of ['all', 'eth0'])
      this.sysctl(`net.ipv4.conf.${scope}.arp_ignore=1`, `net.ipv4.conf.${scope}.arp_announce=2`)
    this.ip('addr', 'add', `${address}/32`, 'dev', 'lo')
  }

  /** A real server's end of tunnels on eth0, where the kernel may have none (test/bpf/decap.bpf.c). */
  takeTunnelsApart(): void {
    const object = join(repositoryRoot, 'build/test/decap.bpf.o')
    must(this.inside('tc', 'qdisc', 'add', 'dev', 'eth0', 'clsact'))
    must(this.inside('tc', 'filter', 'add', 'dev', 'eth0', 'ingress', 'bpf', 'da', 'obj', object, 'sec', 'tc'))
  }

  /** A web server that answers every path with `body`; ready when it listens. */
  async nginx({ listen, body, locations = '' }: NginxPlan): Promise<LabProcess> {
    const file = this.file('nginx.conf', nginxConfiguration(this.directory, listen, body, locations))
    const server = this.spawn('nginx', ['nginx', '-c', file, '-e', 'stderr'])
    await until(
      `${this.name}: nginx listens`,
      async () => {
        if (server.ended !== undefined) throw new Error(`nginx ended:\n${server.output}`)
        const { stdout } = await this.exec('ss', '-Hltn')
        return listen.every((endpoint) => stdout.includes(`:${endpoint.split(':').at(-1)} `))
      },
      { detail: () => server.output },
    )
    return server
  }

  /** A witness on an interface; see pcap-filter(7) for the filter. */
  capture(filter: string, device = 'eth0'): Promise<Capture> {
    const witness = join(repositoryRoot, 'test/lab/library/witness.mjs')
    return new Capture(this.spawn('witness', [process.execPath, witness, device, filter])).ready()
  }

  /** A sender of packets that no daemon would send. */
  sender(): Promise<Sender> {
    const stranger = join(repositoryRoot, 'test/lab/library/stranger.mjs')
    return new Sender(this.spawn('stranger', [process.execPath, stranger])).ready()
  }

  /** Steady HTTP requests, one every `every` milliseconds, from each of `sources` (this host's addresses) in turn. */
  load(
    url: string,
    { sources, every = 10, timeout = 1000 }: { sources: readonly string[]; every?: number; timeout?: number },
  ): Promise<Load> {
    const program = join(repositoryRoot, 'test/lab/library/load.mjs')
    const plan = JSON.stringify({ url, sources, every, timeout })
    return new Load(this.spawn('load', [process.execPath, program, plan])).ready()
  }

  /** Starts Holdfast on this host with this configuration; ready when its control socket answers. */
  holdfastd(configuration: string, options: HoldfastdOptions = {}): Promise<Holdfastd> {
    return Holdfastd.start(this, configuration, options)
  }

  /** Starts Debian's keepalived on this host (VRRP only unless told otherwise). */
  keepalived(configuration: string, options: readonly string[] = ['--vrrp']): Promise<Keepalived> {
    return Keepalived.start(this, configuration, options)
  }

  /** Writes a file of this host and gives its path. */
  file(name: string, text: string): string {
    const path = join(this.directory, name)
    writeFileSync(path, text, { mode: 0o644 })
    return path
  }

  /** What the host's processes wrote last, for a complaint. */
  logs(lines = 40): string {
    return this.processes
      .filter(({ name }) => !/\/(witness|stranger|load)$/.test(name))
      .map(({ name, lines: all }) => [`--- ${name}`, ...all.slice(-lines).map(({ text }) => text)].join('\n'))
      .join('\n')
  }
}

/** No duplicate address detection (it would hold IPv6 addresses back for seconds); no reverse path filter. */
const NAMESPACE_SETTINGS = [
  'net.ipv6.conf.all.accept_dad=0',
  'net.ipv6.conf.default.accept_dad=0',
  'net.ipv6.conf.default.dad_transmits=0',
  'net.ipv6.conf.all.disable_ipv6=0',
  'net.ipv6.conf.default.disable_ipv6=0',
  'net.ipv4.conf.all.rp_filter=0',
  'net.ipv4.conf.default.rp_filter=0',
  'net.ipv4.ip_nonlocal_bind=0',
]

/** The environment without what slows Node's start (reading a bundle of certificates takes it 0.1 s). */
export function quietEnvironment(): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _certificates, NODE_OPTIONS: _options, ...rest } = process.env
  return rest
}

function nginxConfiguration(directory: string, listen: readonly string[], body: string, locations: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `daemon off;
master_process off;
pid ${directory}/nginx.pid;
error_log stderr warn;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_timeout 0;
${temporary.map((name) => `  ${name}_temp_path ${directory}/nginx-${name};`).join('\n')}
  server {
${listen.map((endpoint) => `    listen ${endpoint} backlog=4096;`).join('\n')}
    location / { default_type text/plain; return 200 "${body}\\n"; }
    ${locations}
  }
}
`
}
