/** The two directors under comparison, told the same and asked the same: the kernel's IPVS and the embedded core. */

import { address, addressFromBytes, type Family, type IpAddress, silentLog } from '../../../src/base/index.ts'
import { openEbpfBackend } from '../../../src/forwarding/ebpf/index.ts'
import type {
  Destination,
  ForwardingBackend,
  ForwardingOp,
  Service,
  ServiceCounters,
  TableOp,
  TrafficCounters,
} from '../../../src/forwarding/index.ts'
import type { Climate, Features } from './sequence.ts'
import type { World } from './world.ts'

/** A connection or template, however it is held. */
export type Held = {
  /** Everything by which one is told from another, and where it goes. */
  readonly name: string
  readonly virtual: IpAddress
  readonly state: string
  /** On the clock of this process, in seconds: no earlier and no later. */
  readonly expires: readonly [number, number]
}

export type Counted = TrafficCounters & {
  readonly active?: number
  readonly inactive?: number
  readonly persistent?: number
}

export type Director = {
  apply(ops: readonly TableOp[]): Promise<void>
  weather(climate: Climate): Promise<void>
  /** By service key, and by service key and destination key. */
  counters(): Promise<ReadonlyMap<string, Counted>>
  connections(): Promise<readonly Held[]>
  /** Removes all services. */
  clear(): Promise<void>
}

/** Seconds. */
export const clock = (): number => performance.now() / 1000

// --- the kernel ---------------------------------------------------------------------------------------------------

/**
 * Services that no sequence has, one of each family: with the last one IPVS takes its hooks away (ip_vs_unregister_hooks()), and what
 * connections send then passes it by.
 */
const STANDING = ['192.0.2.200:9', '[2001:db8:ffff::200]:9'] as const
const isStanding = (key: string): boolean => STANDING.some((at) => key === `tcp/${at}`)

/** Ordered about by the real ipvsadm, asked through it and /proc. */
export function kernelDirector({ run, kernel }: World): Director {
  const known = new Set<string>()
  const ask = (...argv: readonly string[]): string => run(kernel, argv)
  const restore = (lines: readonly string[]): void => {
    if (lines.length > 0) run(kernel, ['ipvsadm', '-R'], `${lines.join('\n')}\n`)
  }
  const stand = (): void => restore(STANDING.map((at) => `-A -t ${at} -s rr`))
  stand()
  return {
    async apply(ops) {
      restore(ops.map((op) => order(op, known)))
    },
    async weather({ settings, timeouts }) {
      restore([`--set ${timeouts.tcp} ${timeouts.tcpFin} ${timeouts.udp}`])
      const writes = Object.entries(settings).map(([name, value]) => `[ ! -e ${name} ] || echo ${value} > ${name}`)
      run(kernel, ['sh', '-e'], `cd /proc/sys/net/ipv4/vs\n${writes.join('\n')}\n`)
    },
    async counters() {
      const counted = new Map<string, Counted>()
      const traffic = rows(ask('ipvsadm', '-Ln', '--stats', '--exact'))
      const loads = new Map(rows(ask('ipvsadm', '-Ln', '--persistent-conn')))
      for (const [key, words] of traffic) {
        if (isStanding(key)) continue
        const [connections = 0, inPackets = 0, outPackets = 0, inBytes = 0, outBytes = 0] = words.slice(-5).map(Number)
        const load = loads.get(key)?.map(Number)
        const sums = { connections, inPackets, outPackets, inBytes, outBytes }
        const [, persistent = 0, active = 0, inactive = 0] = load ?? []
        counted.set(key, key.includes(' > ') ? { ...sums, active, inactive, persistent } : sums)
      }
      return counted
    },
    async connections() {
      const began = clock()
      const rows = ask('cat', '/proc/net/ip_vs_conn').split('\n').slice(1, -1)
      const ended = clock()
      return rows.map((row) => heldByKernel(row, began, ended))
    },
    async clear() {
      ask('ipvsadm', '-C')
      known.clear()
      stand()
    },
  }
}

const selector = (key: string): string => {
  const [kind = '', rest = '', mark = ''] = key.split('/')
  if (kind === 'fwmark') return `-f ${mark}${rest === '6' ? ' -6' : ''}`
  return `${{ tcp: '-t', udp: '-u', sctp: '--sctp-service' }[kind]} ${rest}`
}

/** One line of ipvsadm; what is there is edited. */
function order(op: TableOp, known: Set<string>): string {
  const add = (name: string): boolean => {
    if (known.has(name)) return false
    known.add(name)
    return true
  }
  switch (op.type) {
    case 'put-service': {
      const key = keyOf(op.service)
      return `${add(key) ? '-A' : '-E'} ${selector(key)} ${serviceWords(op.service)}`
    }
    case 'remove-service':
      for (const name of known) if (name === op.serviceKey || name.startsWith(`${op.serviceKey} > `)) known.delete(name)
      return `-D ${selector(op.serviceKey)}`
    case 'put-destination': {
      const at = endpointOf(op.destination)
      const command = add(`${op.serviceKey} > ${at}`) ? '-a' : '-e'
      return `${command} ${selector(op.serviceKey)} -r ${at} ${destinationWords(op.destination)}`
    }
    case 'remove-destination':
      known.delete(`${op.serviceKey} > ${op.destinationKey}`)
      return `-d ${selector(op.serviceKey)} -r ${op.destinationKey}`
  }
}

export const endpointOf = ({ address: of, port }: { readonly address: IpAddress; readonly port: number }): string =>
  of.includes(':') ? `[${of}]:${port}` : `${of}:${port}`
const keyOf = ({ address: of }: Service): string =>
  of.kind === 'fwmark' ? `fwmark/${of.family}/${of.mark}` : `${of.protocol}/${endpointOf(of)}`

function serviceWords({ address: of, scheduler, schedulerFlags, persistence, onePacket }: Service): string {
  const words = ['-s', scheduler]
  const six = of.kind === 'fwmark' ? of.family === 6 : of.address.includes(':')
  if (schedulerFlags !== undefined && schedulerFlags.length > 0) words.push('-b', schedulerFlags.join(','))
  if (persistence !== undefined) {
    words.push('-p', String(persistence.timeout))
    words.push('-M', six ? String(persistence.prefixLength) : netmask(persistence.prefixLength))
  }
  if (onePacket) words.push('-o')
  return words.join(' ')
}

function netmask(bits: number): string {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, bits === 0 ? 0 : (0xffff_ffff << (32 - bits)) >>> 0)
  return addressFromBytes(bytes)
}

function destinationWords({ method, weight, upperThreshold, lowerThreshold, tunnel }: Destination): string {
  const words = [{ nat: '-m', dr: '-g', tun: '-i', fullnat: '' }[method], `-w ${weight}`]
  if (upperThreshold > 0) words.push(`-x ${upperThreshold} -y ${lowerThreshold}`)
  if (tunnel !== undefined && tunnel.type !== 'ipip') {
    words.push(`--tun-type ${tunnel.type}`)
    if (tunnel.type === 'gue') words.push(`--tun-port ${tunnel.port}`)
    words.push({ none: '--tun-nocsum', checksum: '--tun-csum', 'remote-checksum': '--tun-remcsum' }[tunnel.checksum])
  }
  return words.join(' ')
}

/** The rows of a listing by key, each with its words after the name. */
function rows(listing: string): [string, string[]][] {
  const found: [string, string[]][] = []
  let service = ''
  for (const line of listing.split('\n').slice(3)) {
    const [first = '', second = '', ...rest] = line.trim().split(/\s+/)
    if (first === '->') found.push([`${service} > ${second}`, rest])
    else if (first === 'FWM') {
      service = `fwmark/${rest[0] === 'IPv6' ? 6 : 4}/${second}`
      found.push([service, rest])
    } else if (first !== '') {
      service = `${first.toLowerCase()}/${second}`
      found.push([service, rest])
    }
  }
  return found
}

function heldByKernel(row: string, began: number, ended: number): Held {
  const [protocol = '', from = '', fromPort = '', to = '', toPort = '', dest = '', destPort = '', state = '', expires] =
    row.trim().split(/\s+/)
  const template = ['NONE', 'ASSURED'].includes(state) && fromPort === '0000'
  const port = (hex: string): number => Number.parseInt(hex, 16)
  const name = nameOf({
    protocol: protocol.toLowerCase(),
    template,
    client: addressOfProc(from),
    clientPort: port(fromPort),
    virtual: addressOfProc(to),
    virtualPort: port(toPort),
    destination: addressOfProc(dest),
    destinationPort: port(destPort),
  })
  const left = Number(expires)
  return { name, virtual: addressOfProc(to), state, expires: [began + left, ended + left + 1] }
}

/** `0A400001`, or the full form of IPv6, which newer kernels put in brackets. */
const addressOfProc = (text: string): IpAddress =>
  text.includes(':') ? address(text.replace(/[[\]]/g, '')) : addressFromBytes(Buffer.from(text, 'hex'))

type Names = {
  readonly protocol: string
  readonly template: boolean
  readonly client: IpAddress
  readonly clientPort: number
  readonly virtual: IpAddress
  readonly virtualPort: number
  readonly destination: IpAddress
  readonly destinationPort: number
}

const nameOf = (of: Names): string =>
  [
    of.template ? 'template' : 'connection',
    of.protocol,
    endpointOf({ address: of.client, port: of.clientPort }),
    endpointOf({ address: of.virtual, port: of.virtualPort }),
    '>',
    endpointOf({ address: of.destination, port: of.destinationPort }),
  ].join(' ')

// --- the embedded core ------------------------------------------------------------------------------------------

export type EmbeddedDirector = Director & { readonly features: Features; close(): Promise<void> }

/** This process is in the director's namespace by now, as the daemon would be. */
export async function embeddedDirector(pinDirectory: string): Promise<EmbeddedDirector> {
  const opened = await openEbpfBackend({
    pinDirectory,
    log: silentLog,
    interfaces: ['eth0', 'eth1'],
    // Every pass goes over the whole table, which takes its time in the guest.
    connectionTableSize: 16_384,
    sweepInterval: 1_000,
  })
  if (!opened.ok) throw new Error(opened.error.message)
  const backend = opened.value
  const features = await featuresOf(backend)
  return {
    features,
    apply: (ops) => obey(backend, ops),
    async weather({ settings, timeouts }) {
      if (!features.settings) return
      await obey(backend, [
        { type: 'set-settings', settings },
        { type: 'set-timeouts', timeouts },
      ])
    },
    async counters() {
      return new Map((await backend.counters()).flatMap(countedByCore))
    },
    async connections() {
      const began = clock()
      const held = await backend.connections(1_000_000)
      const ended = clock()
      return held.map((one) => ({
        name: nameOf({
          ...one,
          protocol: one.mark === undefined ? one.protocol : 'ip',
          virtual: one.mark === undefined ? one.virtual : markAddress(one.mark),
        }),
        virtual: one.virtual,
        state: one.state,
        // When a packet came and what time it is are both known in whole seconds.
        expires: [began + one.expiresIn - 1, ended + one.expiresIn + 1],
      }))
    },
    async clear() {
      const { services } = await backend.read()
      await obey(
        backend,
        services.map(({ service }) => ({ type: 'remove-service', serviceKey: keyOf(service) })),
      )
    },
    close: () => backend.close('nothing'),
  }
}

async function obey(backend: ForwardingBackend, ops: readonly ForwardingOp[]): Promise<void> {
  for (const [i, result] of (await backend.apply(ops)).entries())
    if (!result.ok) throw new Error(`${JSON.stringify(ops[i])}: ${result.error.message}`)
}

async function featuresOf(backend: ForwardingBackend): Promise<Features> {
  const probed = await backend.probe()
  if (!probed.ok) throw new Error(probed.error.message)
  const [settings] = await backend.apply([{ type: 'set-settings', settings: {} }])
  return { ...probed.value, families: probed.value.families as readonly Family[], settings: settings?.ok === true }
}

const markAddress = (mark: number): IpAddress => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, mark)
  return addressFromBytes(bytes)
}

function countedByCore(service: ServiceCounters): [string, Counted][] {
  const { serviceKey, destinations } = service
  return [
    [serviceKey, sumsOf(service)],
    ...destinations.map((one): [string, Counted] => [
      `${serviceKey} > ${one.destinationKey}`,
      {
        ...sumsOf(one),
        active: one.activeConnections,
        inactive: one.inactiveConnections,
        persistent: one.persistentConnections,
      },
    ]),
  ]
}

const sumsOf = ({ connections, inPackets, outPackets, inBytes, outBytes }: TrafficCounters): TrafficCounters => ({
  connections,
  inPackets,
  outPackets,
  inBytes,
  outBytes,
})
