/** Makes sequences from a seed: services, and what clients, servers and an operator do then. */

import type { Family, IpAddress } from '../../../src/base/index.ts'
import {
  type Destination,
  defaultSettings,
  endpoint,
  type IpvsSettings,
  type Service,
  serviceKey,
  type TableOp,
} from '../../../src/forwarding/index.ts'
import { SHORT_PERSISTENCES, SHORT_TIMEOUTS, timePasses } from './pace.ts'
import { SCTP, TCP, UDP } from './packets.ts'
import { type Random, randomFrom } from './random.ts'
import type { Climate, ErrorStep, Features, Flow, PacketStep, Segment, Sequence, Step } from './sequence.ts'
import {
  CLIENTS,
  clientAddress,
  directorAddress,
  farServerAddress,
  SERVERS,
  serverAddress,
  virtualAddress,
} from './world.ts'

export const FIN = 0x01
export const SYN = 0x02
export const RST = 0x04
export const PSH = 0x08
export const ACK = 0x10

const SEGMENTS = 3
/** twos is a matter of chance. */
const chosenByChance = ['twos']
const numbers = { tcp: TCP, udp: UDP, sctp: SCTP } as const
type Protocol = keyof typeof numbers

const defaults = { settings: {}, timeouts: { tcp: 900, tcpFin: 120, udp: 300 }, passing: false } as const

/** Every third run of sequences has other settings, every fifth lets connections expire, every eleventh has odd packets. */
export function climate(seed: number, batch: number, features: Features): Climate {
  const random = randomFrom(seed ^ 0x5e77, batch)
  const oddities = batch % 11 === 10
  if (!features.settings) return { ...defaults, oddities }
  const settings: Partial<Record<keyof IpvsSettings, number>> = { ...defaultSettings }
  if (batch % 3 === 1) {
    settings.conn_reuse_mode = random.number(4)
    for (const name of ['expire_nodest_conn', 'expire_quiescent_template', 'schedule_icmp', 'nat_icmp_send'] as const)
      settings[name] = random.number(2)
    for (const name of ['sloppy_tcp', 'sloppy_sctp', 'cache_bypass', 'pmtu_disc'] as const)
      settings[name] = random.number(2)
    if (random.once(3)) settings.secure_tcp = 3
  }
  // Nothing that depends on how much memory there is.
  settings.drop_entry = 0
  settings.drop_packet = 0
  delete settings.amemthresh
  delete settings.am_droprate
  if (timePasses(batch)) return { settings, timeouts: SHORT_TIMEOUTS, passing: true, oddities }
  return { ...defaults, settings, oddities }
}

type Held = {
  service: Service
  readonly destinations: Map<string, Destination>
  /** By endpoint, all that there have been: a connection comes back to life with its destination. */
  readonly methods: Map<string, Set<Destination['method']>>
  /** By endpoint: they stay as they were first. */
  readonly thresholds: Map<string, Pick<Destination, 'upperThreshold' | 'lowerThreshold'>>
}

type Draft = {
  readonly random: Random
  readonly features: Features
  readonly family: Family
  readonly slot: number
  readonly services: Map<string, Held>
  readonly flows: Flow[]
  /** Not where IPVS ends what goes to removed destinations: which templates it leaves is a matter of their places in its table. */
  readonly mayReturn: boolean
  readonly oddities: boolean
}

export function generate(seed: number, index: number, slot: number, has: Features, climate: Climate): Sequence {
  const { passing, settings, oddities } = climate
  const features = { ...has, schedulers: has.schedulers.filter((name) => !chosenByChance.includes(name)) }
  const random = randomFrom(seed, index)
  const family = features.families.length > 1 && random.once(3) ? 6 : 4
  const mayReturn = settings.expire_nodest_conn !== 1
  const draft: Draft = { random, features, family, slot, services: new Map(), flows: [], mayReturn, oddities }
  const segments: Segment[] = []
  const ops: TableOp[] = []
  const services = 1 + (random.once(3) ? 1 : 0)
  for (let i = 0; i < services; i++) ops.push(...newService(draft, i, passing))
  for (let i = 0; i < SEGMENTS; i++) {
    if (i > 0) for (let n = random.number(3); n > 0; n--) ops.push(...edit(draft))
    const steps: Step[] = []
    for (let n = 3 + random.number(10); n > 0; n--) steps.push(step(draft))
    segments.push({ ops: ops.splice(0), steps })
  }
  return { index, slot, family, flows: draft.flows, segments }
}

function newService(draft: Draft, number: number, short: boolean): TableOp[] {
  const { random, features, family, slot } = draft
  const protocols = { tcp: 6, udp: 3, sctp: features.protocols.includes('sctp') ? 2 : 0 } as const
  const protocol: Protocol = random.weighted(protocols)
  const virtual = virtualAddress(family, slot, random.number(4) === 0 ? number : 0)
  const anyPort = random.once(12)
  const scheduler = random.pick(features.schedulers)
  const bits = family === 4 ? [32, 32, 30, 24, 16] : [128, 128, 126, 120, 64]
  const persistent = anyPort || random.once(4)
  const service: Service = {
    address: { kind: 'address', protocol, address: virtual, port: anyPort ? 0 : 80 + number },
    scheduler: scheduler as Service['scheduler'],
    ...(random.once(2) && (scheduler === 'sh' || scheduler === 'mh')
      ? { schedulerFlags: random.pick([['flag-1'], ['flag-2'], ['flag-1', 'flag-2']] as const) }
      : {}),
    ...(persistent
      ? {
          persistence: {
            timeout: short ? random.pick(SHORT_PERSISTENCES) : 50 + random.number(900),
            prefixLength: random.pick(bits),
          },
        }
      : {}),
    onePacket: protocol === 'udp' && !persistent && random.once(5),
  }
  const key = serviceKey(service.address)
  draft.services.set(key, { service, destinations: new Map(), methods: new Map(), thresholds: new Map() })
  const ops: TableOp[] = [{ type: 'put-service', service }]
  for (let n = random.number(6); n > 0; n--) ops.push(...putDestination(draft, key))
  return ops
}

/** A new destination, or another one in the place of one that there is. */
function putDestination(draft: Draft, serviceKey: string): TableOp[] {
  const held = draft.services.get(serviceKey)
  if (held === undefined) return []
  const drawn = newDestination(draft, held.service)
  const key = endpoint(drawn)
  // The kernel of the guest judges thresholds only as connections begin and end, the core, as 6.12, also when they are edited.
  const thresholds = held.thresholds.get(key) ?? {
    upperThreshold: drawn.upperThreshold,
    lowerThreshold: drawn.lowerThreshold,
  }
  const destination = { ...drawn, ...thresholds }
  held.thresholds.set(key, thresholds)
  const methods = held.methods.get(key) ?? new Set()
  const removed = methods.size > 0 && !held.destinations.has(key)
  if (removed && !draft.mayReturn) return []
  if ([...methods].some((before) => turnsAbout(before, destination.method))) return []
  held.methods.set(key, methods.add(destination.method))
  held.destinations.set(key, destination)
  return [{ type: 'put-destination', serviceKey, destination }]
}

/**
 * Connections keep the method that they began with in IPVS, but not in the core, unless it is NAT, or has become NAT from direct
 * routing. And one of NAT leaves IPVS a route by which those of direct routing do not find the server.
 */
const turnsAbout = (before: Destination['method'], after: Destination['method']): boolean =>
  before !== after && !(before === 'nat' && after === 'tun') && !(before === 'dr' && after === 'nat')

function newDestination({ random, features, family }: Draft, service: Service): Destination {
  const { address: at } = service
  const port = at.kind === 'address' ? at.port : 0
  const method = random.weighted({ nat: 4, dr: 4, tun: features.methods.includes('tun') ? 3 : 0 })
  const number = 1 + random.number(SERVERS)
  // By the director's own stack, and IPVS sees that, but the core does not.
  const refused = at.kind === 'address' && at.protocol === 'tcp'
  const address = (): IpAddress => {
    if (method !== 'nat' && !refused && random.once(10)) return directorAddress(family, 1)
    if (method === 'dr') return serverAddress(family, random.once(4) ? 1 : 0, number)
    if (random.once(3)) return farServerAddress(family, number)
    return serverAddress(family, random.once(4) ? 0 : 1, number)
  }
  const upper = random.once(4) ? 1 + random.number(4) : 0
  return {
    address: address(),
    port: method === 'nat' && port !== 0 ? random.pick([port, port, 8080, 1]) : port,
    weight: random.pick([0, 1, 1, 1, 2, 3, 4, 7, 100]),
    method,
    ...(method === 'tun' ? { tunnel: tunnel(random, features) } : {}),
    upperThreshold: upper,
    lowerThreshold: upper > 0 && random.once(2) ? random.number(upper + 1) : 0,
  }
}

function tunnel(random: Random, features: Features): NonNullable<Destination['tunnel']> {
  const type = random.pick(features.tunnels) as 'ipip' | 'gue' | 'gre'
  if (type === 'ipip') return { type, port: 0, checksum: 'none' }
  return { type, port: type === 'gue' ? 6080 : 0, checksum: random.pick(['none', 'checksum']) }
}

/** What an operator does while traffic flows. */
function edit(draft: Draft): TableOp[] {
  const { random, services } = draft
  const keys = [...services.keys()]
  if (keys.length === 0) return []
  const key = random.pick(keys)
  const held = services.get(key)
  if (held === undefined) return []
  const present = [...held.destinations.values()]
  const what = random.weighted({ weigh: 5, remove: 3, add: 4, service: 1, reschedule: 2 })
  if (what === 'add' || present.length === 0) return putDestination(draft, key)
  const one = random.pick(present)
  switch (what) {
    case 'weigh': {
      const destination = { ...one, weight: random.pick([0, 0, 1, 2, 3, 5]) }
      held.destinations.set(endpoint(one), destination)
      return [{ type: 'put-destination', serviceKey: key, destination }]
    }
    case 'remove': {
      held.destinations.delete(endpoint(one))
      return [{ type: 'remove-destination', serviceKey: key, destinationKey: endpoint(one) }]
    }
    case 'service':
      services.delete(key)
      return [{ type: 'remove-service', serviceKey: key }]
    case 'reschedule': {
      const { schedulerFlags: _, ...rest } = held.service
      const scheduler = random.pick(draft.features.schedulers)
      held.service = { ...rest, scheduler: scheduler as Service['scheduler'] }
      return [{ type: 'put-service', service: held.service }]
    }
  }
}

function step(draft: Draft): Step {
  const { random, flows } = draft
  if (flows.length === 0 || random.once(3)) {
    const flow = newFlow(draft)
    flows.push(flow)
    return packetStep(draft, flows.length - 1, 'in', random.once(12) ? undefined : SYN)
  }
  // The newest are the likeliest.
  const flow = Math.max(0, flows.length - 1 - Math.min(random.number(6), random.number(6)))
  if (random.once(12)) return errorStep(draft, flow)
  return packetStep(draft, flow, random.once(3) ? 'out' : 'in', undefined)
}

function newFlow({ random, family, slot, services }: Draft): Flow {
  const held = services.size > 0 ? random.pick([...services.values()]) : undefined
  const at = held?.service.address
  const client = clientAddress(family, slot, random.number(CLIENTS))
  const clientPort = random.once(30) ? 20 : random.pick([1025, 2000, 2001, 1024 + random.number(60_000)])
  if (at?.kind !== 'address')
    return { protocol: TCP, client, clientPort, virtual: virtualAddress(family, slot, 0), virtualPort: 80 }
  const guess = [...(held?.destinations.values() ?? [])][0]
  return {
    protocol: random.once(30) ? random.pick([TCP, UDP]) : numbers[at.protocol],
    client,
    clientPort,
    virtual: at.address,
    virtualPort: at.port === 0 || random.once(25) ? random.pick([81, 443, 4000]) : at.port,
    ...(guess === undefined ? {} : { guess: { address: guess.address, port: guess.port } }),
  }
}

function packetStep(draft: Draft, index: number, direction: 'in' | 'out', flags: number | undefined): PacketStep {
  const { random, flows } = draft
  const protocol = flows[index]?.protocol
  const odd = random.number(120)
  const { oddities } = draft
  const fragmented = oddities && odd >= 16 && odd < 20 && protocol !== SCTP
  // Behind extension headers IPVS does not find the flags and chunks, by which states go.
  const readable = oddities && (draft.family === 4 || protocol === UDP)
  const without = protocol === UDP && draft.family === 4
  return {
    type: 'packet',
    flow: index,
    direction,
    flags: flags ?? tcpFlags(random, direction),
    chunks: chunks(random, flags === SYN),
    length: lengthOf(random, direction, fragmented),
    ttl: odd < 4 ? 1 : odd < 8 ? 2 : 64,
    tos: random.once(8) ? random.pick([0x10, 0x28, 0x01, 0x02, 0x03, 0xb8]) : 0,
    dontFragment: random.once(2),
    options: odd >= 8 && odd < 11 && readable ? odd - 7 : 0,
    checksum: odd >= 11 && odd < 15 ? 'wrong' : without && random.once(6) && !fragmented ? 'none' : 'right',
    badHeaderChecksum: oddities && odd === 15 && draft.family === 4,
    fragmented,
  }
}

/** Fragments are of what is long enough for two and fits into a tunnel. */
function lengthOf(random: Random, direction: 'in' | 'out', fragmented: boolean): number {
  const length = direction === 'in' && random.once(12) ? 1250 + random.number(200) : random.number(40)
  return fragmented ? 60 : length
}

const tcpFlags = (random: Random, direction: 'in' | 'out'): number =>
  ({
    syn: SYN,
    synAck: SYN | ACK,
    ack: ACK,
    data: PSH | ACK,
    fin: FIN | ACK,
    rst: RST,
    rstAck: RST | ACK,
    finOnly: FIN,
    none: 0,
    all: FIN | SYN | RST | ACK,
  })[
    direction === 'in'
      ? random.weighted({ syn: 5, synAck: 1, ack: 9, data: 5, fin: 5, rst: 2, rstAck: 1, finOnly: 1, none: 1, all: 1 })
      : random.weighted({ syn: 1, synAck: 8, ack: 6, data: 5, fin: 5, rst: 2, rstAck: 1, finOnly: 1, none: 1, all: 1 })
  ]

/** Types of SCTP chunks: INIT 1, and whatever else; sometimes bundled. */
const chunks = (random: Random, opening: boolean): number[] => {
  if (opening) return [1]
  const first = random.pick([0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 200])
  return random.once(4) ? [first, random.pick([0, 3, 6])] : [first]
}

const kinds4 = [
  [3, 0, 0],
  [3, 1, 0],
  [3, 3, 0],
  [3, 4, 1200],
  [4, 0, 0],
  [11, 0, 0],
  [12, 0, 0],
] as const
const kinds6 = [
  [1, 0, 0],
  [1, 4, 0],
  [2, 0, 1280],
  [3, 0, 0],
  [4, 1, 0],
] as const

const errorStep = ({ random, family }: Draft, flow: number): ErrorStep => ({
  type: 'error',
  flow,
  direction: random.once(2) ? 'in' : 'out',
  from: random.once(2) ? 'peer' : 'router',
  kind: random.pick<readonly [number, number, number]>(family === 4 ? kinds4 : kinds6),
  quoted: random.pick([8, 8, 20, 40]),
  ttl: random.once(15) ? 1 : 64,
  checksum: random.once(15) ? 'wrong' : 'right',
})
