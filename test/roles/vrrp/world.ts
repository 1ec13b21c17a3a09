/** A world for the vrrp role without a kernel: interfaces, addresses, sockets and a clock that the test turns. */
import {
  address,
  addressFromBytes,
  fail,
  hostIsLittleEndian,
  type Instant,
  type IpAddress,
  instant,
  type Micros,
  micros,
  ok,
  type Result,
  sameBytes,
} from '../../../src/base/index.ts'
import type { VirtualRouter } from '../../../src/model/index.ts'
import type { Channel, FromVrrp, ToVrrp, VrrpSlice } from '../../../src/roles/ipc/index.ts'
import { channelPair } from '../../../src/roles/ipc/index.ts'
import { startVrrp, type VrrpPorts } from '../../../src/roles/vrrp/index.ts'
import type { FloodGuard } from '../../../src/sys/flood-guard/index.ts'
import type { HandoffConnection } from '../../../src/sys/handoff/index.ts'
import {
  ADDRESS_PROTOCOL,
  type Link,
  type LinkAddress,
  type NetlinkError,
  type RouteEvent,
} from '../../../src/sys/netlink/ports.ts'
import { VIRTUAL_LINK_MARK } from '../../../src/sys/netlink/virtual-link.ts'
import type { ClaimMessage, UdpDatagram, VrrpDatagram } from '../../../src/sys/socket/ports.ts'
import {
  FRA_PRIORITY,
  findAttribute,
  findUint32,
  type RouteMessage,
  RTA_DST,
  RTA_OIF,
  type RuleMessage,
} from '../../../src/wire/netlink/index.ts'

export const ethernet = (index: number, name: string, more: Partial<Link> = {}): Link => ({
  index,
  name,
  up: true,
  running: true,
  loopback: false,
  multicast: true,
  noArp: false,
  mtu: 1500,
  mac: new Uint8Array([2, 0, 0, 0, 0, index]),
  type: 1,
  ...more,
})

export const onLink = (interfaceIndex: number, text: string, more: Partial<LinkAddress> = {}): LinkAddress => {
  const [of = '', prefix = ''] = text.split('/')
  return {
    interfaceIndex,
    address: address(of),
    prefixLength: Number(prefix),
    scope: 0,
    flags: 0,
    protocol: 0,
    ...more,
  }
}

type Sent = { readonly at: Instant; readonly what: string }
type SystemFailure = { readonly code: string; readonly call: string; readonly message: string }

type FakeTimer = { armed: Instant | undefined; readonly fire: () => void }

export class World {
  now = instant(1_000_000_000)
  readonly links = new Map<number, Link>()
  floodGuard: Result<FloodGuard, { readonly message: string }> = fail({ message: 'no guard in this world' })
  addresses: LinkAddress[] = []
  /** What the role did that others can see, in order: `advert 200`, `add 192.0.2.100/24`, `arp 192.0.2.100` … */
  readonly done: Sent[] = []
  /** Advertisements as sent. */
  readonly sent: { readonly payload: Uint8Array; readonly destination: IpAddress }[] = []
  readonly said: FromVrrp[] = []
  readonly logged: string[] = []
  /** Routes and rules in the kernel, in words. */
  readonly routing = new Set<string>()
  routingFailure: NetlinkError | undefined
  /** Where other hosts' claims are listened for, and to which addresses. */
  readonly claims = new Map<string, { addresses: readonly IpAddress[]; hear: (message: ClaimMessage) => void }>()
  socketFailure: SystemFailure | undefined
  /** What every send of an advertisement meets. */
  sendFailure: SystemFailure | undefined
  ended = false
  /** Milliseconds by which somebody has set the wall clock. */
  wallOffset = 0
  /** A predecessor's answers, by the type of the question. */
  predecessor: ((question: { type: string }) => unknown) | undefined
  timersArmed = 0
  /** What every change of the firewall meets. */
  nftablesFailure: { readonly code: string; readonly message: string } | undefined
  /** Settings below /proc/sys, and files of the role's own. */
  readonly files = new Map<string, string>()
  /** What the making of a virtual link meets. */
  linkFailure: { readonly code: string; readonly message: string } | undefined
  readonly #timers: FakeTimer[] = []
  /** What waits in a VRRP socket. */
  readonly unread: VrrpDatagram[] = []
  #monitor: (event: RouteEvent) => void = () => {}
  /** BFD: what was sent, from which sockets, and what waits unread in the receiver's. */
  readonly control: { readonly at: Instant; readonly to: IpAddress; readonly payload: Uint8Array }[] = []
  readonly senders: {
    destination: IpAddress
    port: number
    source: IpAddress | undefined
    sourcePort: number
    hopLimit: number
    interface?: string
  }[] = []
  readonly queued: UdpDatagram[] = []
  /** Whom the BFD sockets hear, by port and family. */
  readonly neighbours = new Map<string, readonly IpAddress[]>()
  udpFailure: SystemFailure | undefined
  senderFailure: SystemFailure | undefined
  random: () => number = () => 0.5
  readonly #udp = new Map<string, (datagram: UdpDatagram) => void>()
  #routingMonitor: (event: RouteEvent) => void = () => {}
  /** Bytes that each socket was opened with; undefined: the usual. */
  readonly receiveBuffers = new Map<string, number | undefined>()
  readonly #receivers = new Map<string, (datagram: VrrpDatagram, arrivedAt: Instant) => void>()
  readonly supervisor: Channel<FromVrrp, ToVrrp>
  #revision = 0
  #lastLink = 100

  constructor() {
    this.links.set(2, ethernet(2, 'eth0'))
    this.addresses = [onLink(2, '192.0.2.11/24'), onLink(2, 'fe80::11/64', { scope: 253 })]
    const [role, supervisor] = channelPair<ToVrrp, FromVrrp>()
    this.supervisor = supervisor
    supervisor.onMessage((message) => this.said.push(message))
    const write = (message: string, fields = {}) => void this.logged.push(`${message} ${JSON.stringify(fields)}`)
    const log = { debug() {}, info: write, warn: write, error: write, child: () => log }
    startVrrp(role, this.#ports(), log)
  }

  /** Lets messages and promises that are under way arrive. */
  async settle(): Promise<void> {
    for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve))
  }

  async offer(routers: readonly VirtualRouter[], more: Partial<VrrpSlice> = {}): Promise<number> {
    const revision = ++this.#revision
    const slice: VrrpSlice = {
      routers,
      syncGroups: [],
      bfdSessions: [],
      keepAddressesAtStop: false,
      holdOnAtStop: micros(0),
      logDetail: false,
      runDirectory: '/run/hf',
      ...more,
    }
    this.supervisor.send({ type: 'offer', revision, slice })
    await this.settle()
    return revision
  }

  async configure(routers: readonly VirtualRouter[], more: Partial<VrrpSlice> = {}): Promise<void> {
    const revision = await this.offer(routers, more)
    this.supervisor.send({ type: 'commit', revision })
    await this.settle()
  }

  async tell(message: ToVrrp): Promise<void> {
    this.supervisor.send(message)
    await this.settle()
  }

  async snapshot() {
    const id = ++this.#revision
    await this.tell({ type: 'snapshot-requested', id })
    const answer = this.said.find((message) => message.type === 'snapshot' && message.id === id)
    if (answer?.type !== 'snapshot') throw new Error('no snapshot')
    return answer.snapshot.virtualRouters
  }

  async bfdSessions() {
    const id = ++this.#revision
    await this.tell({ type: 'snapshot-requested', id })
    const answer = this.said.find((message) => message.type === 'snapshot' && message.id === id)
    if (answer?.type !== 'snapshot') throw new Error('no snapshot')
    return answer.snapshot.bfdSessions
  }

  /** When a timer will fire next. */
  get armed(): Instant | undefined {
    return this.#next()?.armed
  }

  #next(): FakeTimer | undefined {
    let next: FakeTimer | undefined
    for (const one of this.#timers)
      if (one.armed !== undefined && (next?.armed === undefined || one.armed < next.armed)) next = one
    return next
  }

  /** Turns the clock, firing each timer at each moment it is armed for. */
  run(length: Micros): void {
    const end = instant(this.now + length)
    for (let turns = 0; turns < 100_000; turns++) {
      const next = this.#next()
      if (next?.armed === undefined || next.armed > end) break
      if (next.armed > this.now) this.now = next.armed
      next.armed = undefined
      next.fire()
    }
    this.now = end
  }

  /** The process does not run for this long; then the timers fire, once each. */
  sleep(length: Micros): void {
    this.now = instant(this.now + length)
    this.fire()
  }

  fire(): void {
    for (const one of this.#timers) {
      one.armed = undefined
      one.fire()
    }
  }

  receive(
    key: string,
    datagram: Omit<VrrpDatagram, 'interfaceIndex' | 'hopLimit'> & { readonly hopLimit?: number },
    arrivedAt = this.now,
  ): void {
    this.#receivers.get(key)?.({ interfaceIndex: 2, hopLimit: 255, ...datagram }, arrivedAt)
  }

  /** A BFD packet comes in. @param key port and family: `3784/ipv4` */
  hear(key: string, datagram: Omit<UdpDatagram, 'interfaceIndex'>): void {
    this.#udp.get(key)?.({ interfaceIndex: 2, ...datagram })
  }

  /** Ports that are listened on. */
  get listening(): string[] {
    return [...this.#udp.keys()]
  }

  /** Something happens on the host, and the monitor tells. */
  happens(event: RouteEvent): void {
    if (event.type === 'link') this.links.set(event.link.index, event.link)
    if (event.type === 'link-removed') {
      this.links.delete(event.index)
      this.addresses = this.addresses.filter(({ interfaceIndex }) => interfaceIndex !== event.index)
    }
    if (event.type === 'address') this.addresses = [...this.addresses, event.address]
    if (event.type === 'address-removed') this.addresses = this.addresses.filter((one) => !same(one, event.address))
    this.#monitor(event)
  }

  /** What was done since the last call. */
  deeds(): string[] {
    return this.done.splice(0).map(({ what }) => what)
  }

  held(): string[] {
    return this.addresses.map(({ address: of, prefixLength }) => `${of}/${prefixLength}`)
  }

  states(name = 'VI_1'): string[] {
    return this.said.flatMap((message) =>
      message.type === 'virtual-router-state' && message.name === name
        ? [message.resumed ? `${message.state} resumed` : message.state]
        : [],
    )
  }

  /** Somebody removes a route or a rule by hand. */
  takeAway(text: string): void {
    this.routing.delete(text)
    this.#routingMonitor({ type: 'routing-removed' })
  }

  #addRouting(kind: string, text: string): Result<'added' | 'present', NetlinkError> {
    if (this.routingFailure !== undefined) return fail(this.routingFailure)
    if (this.routing.has(text)) return ok('present')
    this.routing.add(text)
    this.#do(`add ${kind} ${text}`)
    return ok('added')
  }

  #deleteRouting(kind: string, text: string): Result<void, never> {
    if (this.routing.delete(text)) {
      this.#do(`delete ${kind} ${text}`)
      queueMicrotask(() => this.#routingMonitor({ type: 'routing-removed' }))
    }
    return ok(undefined)
  }

  #do(what: string): void {
    this.done.push({ at: this.now, what })
  }

  #ports(): VrrpPorts {
    return {
      clock: { now: () => this.now, wall: () => this.now / 1000 + this.wallOffset },
      lingerUntil: (at) => {
        this.now = at
      },
      openTimer: (onFire) => {
        const timer: FakeTimer = { armed: undefined, fire: onFire }
        this.#timers.push(timer)
        return {
          arm: (at) => {
            this.timersArmed++
            timer.armed = at
          },
          close: () => {
            timer.armed = undefined
          },
        }
      },
      openVrrpSocket: ({ interface: name, family, authenticated, receiveBuffer, onDatagram }) => {
        if (this.socketFailure !== undefined) return fail(this.socketFailure)
        const key = `${name}/ipv${family}${authenticated === true ? '/ah' : ''}`
        this.#receivers.set(key, onDatagram)
        this.receiveBuffers.set(key, receiveBuffer)
        return ok({
          send: ({ payload, destination }) => {
            if (this.sendFailure !== undefined) return fail(this.sendFailure)
            this.sent.push({ payload: payload.slice(), destination })
            this.#do(
              `advert ${payload[2]}${destination.startsWith('224.') || destination.startsWith('ff') ? '' : ` to ${destination}`}`,
            )
            return ok(undefined)
          },
          rehearse: () => ok(undefined),
          protect: (guard) => guard.protect(0, family === 6 ? 'ipv6' : 'ipv4'),
          takeWaiting: () => {
            for (const datagram of this.unread.splice(0)) onDatagram(datagram, this.now)
          },
          close: () => {
            this.#receivers.delete(key)
            if (!this.ended) this.#do(`close ${key}`)
          },
        })
      },
      openFloodGuard: () => Promise.resolve(this.floodGuard),
      openFrameSocket: () =>
        ok({
          send: (frame) => {
            this.#do(frame[12] === 0x08 ? `arp ${frame.slice(28, 32).join('.')}` : 'na')
            return ok(undefined)
          },
          rehearse: () => ok(undefined),
          close() {},
        }),
      random: () => this.random(),
      openUdpReceiver: ({ family, port, onDatagram }) => {
        if (this.udpFailure !== undefined) return fail(this.udpFailure)
        const key = `${port}/ipv${family}`
        this.#udp.set(key, onDatagram)
        return ok({
          listen: (sources) => {
            this.neighbours.set(key, sources)
            return ok(undefined)
          },
          keptBack: () => 0,
          drain: () => {
            for (const datagram of this.queued.splice(0)) onDatagram(datagram)
          },
          close: () => {
            this.#udp.delete(key)
          },
        })
      },
      openUdpSender: ({ destination, port, source, sourcePort, hopLimit, interface: name }) => {
        if (this.senderFailure !== undefined) return fail(this.senderFailure)
        this.senders.push({
          destination,
          port,
          source,
          sourcePort,
          hopLimit,
          ...(name === undefined ? {} : { interface: name }),
        })
        return ok({
          send: (payload) => {
            this.control.push({ at: this.now, to: destination, payload: payload.slice() })
            return ok(undefined)
          },
          isOn: (interfaceIndex) => name === undefined || this.links.get(interfaceIndex)?.name === name,
          close() {},
        })
      },
      openClaimSocket: ({ family, interface: name, onMessage }) => {
        const key = `${name}/ipv${family}`
        const claims = { addresses: [] as readonly IpAddress[], hear: onMessage }
        this.claims.set(key, claims)
        return ok({
          listen(addresses) {
            claims.addresses = addresses
            return ok(undefined)
          },
          close: () => void this.claims.delete(key),
        })
      },
      openRouteClient: () =>
        ok({
          links: () => ok([...this.links.values()]),
          addresses: () => ok(this.addresses),
          neighbours: () => ok([]),
          route: () => fail({ code: 'ENETUNREACH', message: 'no route' }),
          rehearseAddress() {},
          addAddress: (request) => {
            if (!this.links.has(request.interfaceIndex)) return fail({ code: 'ENODEV', message: 'no such device' })
            const added: LinkAddress = { ...request, flags: 0, protocol: ADDRESS_PROTOCOL }
            if (this.addresses.some((one) => same(one, added))) return ok('present')
            this.addresses = [...this.addresses, added]
            this.#do(`add ${request.address}/${request.prefixLength}`)
            queueMicrotask(() => this.#monitor({ type: 'address', address: added }))
            return ok('added')
          },
          deleteAddress: (request): Result<void, never> => {
            const found = this.addresses.find((one) => same(one, request))
            if (found === undefined) return ok(undefined)
            this.addresses = this.addresses.filter((one) => one !== found)
            this.#do(`delete ${request.address}/${request.prefixLength}`)
            queueMicrotask(() => this.#monitor({ type: 'address-removed', address: found }))
            return ok(undefined)
          },
          addRoute: (route) => this.#addRouting('route', textOfRoute(route)),
          deleteRoute: (route) => this.#deleteRouting('route', textOfRoute(route)),
          addRule: (rule) => this.#addRouting('rule', textOfRule(rule)),
          deleteRule: (rule) => this.#deleteRouting('rule', textOfRule(rule)),
          markedRouting: () => ok({ routes: [], rules: [] }),
          close() {},
        }),
      links: {
        make: (plan) => {
          if (this.linkFailure !== undefined) return fail(this.linkFailure)
          const index = ++this.#lastLink
          const made = ethernet(index, plan.name, {
            up: false,
            kind: plan.kind,
            over: { index: plan.base, mode: plan.kind === 'macvlan' ? 1 : 0 },
            alias: VIRTUAL_LINK_MARK,
            ...(plan.kind === 'macvlan' ? { mac: plan.mac } : {}),
            ...(plan.group === 0 ? {} : { group: plan.group }),
          })
          this.links.set(index, made)
          this.files.set(`/proc/sys/net/ipv6/conf/${plan.name}/disable_ipv6`, '0')
          this.#do(`make ${plan.name} over ${plan.base}`)
          return ok(undefined)
        },
        raise: (name) => {
          const link = [...this.links.values()].find((one) => one.name === name)
          if (link === undefined) return fail({ code: 'ENODEV', message: 'no such device' })
          for (const { index, up, over, mac } of this.links.values())
            if (
              index !== link.index &&
              up &&
              over !== undefined &&
              over.index === link.over?.index &&
              sameBytes(mac, link.mac)
            )
              return fail({ code: 'EADDRINUSE', message: 'Address already in use' })
          this.links.set(link.index, { ...link, up: true })
          return ok(undefined)
        },
        remove: (name) => {
          for (const [index, link] of this.links) if (link.name === name) this.links.delete(index)
          this.#do(`remove ${name}`)
          return ok(undefined)
        },
        retell: (name) => {
          this.#do(`retell ${name}`)
          return ok(undefined)
        },
        lendAddress: (interfaceIndex, of, prefixLength) => {
          this.addresses = [...this.addresses, onLink(interfaceIndex, `${of}/${prefixLength}`)]
          this.#do(`lend ${of}`)
          return ok(undefined)
        },
        takeBackAddress: (_, of) => {
          this.#do(`take back ${of}`)
          return ok(undefined)
        },
      },
      changeNftables: (_, requests) => {
        if (this.nftablesFailure !== undefined) return fail(this.nftablesFailure)
        this.#do(`nftables ${requests.length}`)
        return ok(undefined)
      },
      watchNftables: (onRemoved) => {
        this.removeNftables = onRemoved
        return ok({
          close: () => {
            this.removeNftables = undefined
          },
        })
      },
      files: {
        read: (path) => this.files.get(path),
        write: (path, text) => {
          if (!this.files.has(path)) return false
          this.files.set(path, text)
          return true
        },
        replace: (path, text) => void this.files.set(path, text),
        remove: (path) => void this.files.delete(path),
      },
      openRouteMonitor: ({ groups, onEvent }) => {
        const own = groups.includes('own-routing')
        const set = (handler: typeof onEvent) => {
          if (own) this.#routingMonitor = handler
          else this.#monitor = handler
        }
        set(onEvent)
        return ok({ close: () => set(() => {}) })
      },
      listenForSuccessor: async (_path, onSuccessor) => {
        this.meetSuccessor = onSuccessor
        return ok({ close() {} })
      },
      connectToPredecessor: async () => {
        const answer = this.predecessor
        if (answer === undefined) return fail({ reason: 'absent', message: 'nobody' })
        let reply: (value: unknown) => void = () => {}
        return ok({
          send: (question) => {
            this.#do(`ask ${(question as { type: string }).type}`)
            const value = answer(question as { type: string })
            if (value !== undefined) queueMicrotask(() => reply(value))
          },
          onMessage: (handler) => {
            reply = handler
          },
          onClosed() {},
          close() {},
        })
      },
      setRealTime: (priority) => {
        this.#do(`real-time priority ${priority}`)
        return ok(undefined)
      },
      end: () => {
        this.ended = true
      },
    }
  }

  /** Set while tables of nf_tables are watched: something of them was removed. */
  removeNftables: ((tables: ReadonlySet<string> | 'unknown') => void) | undefined

  /** Set once the role listens for its successor. */
  meetSuccessor: ((connection: HandoffConnection) => void) | undefined
}

/** `10.0.0.0/8 table 254`, and by which interface. */
function textOfRoute({ destinationLength, table, attributes }: RouteMessage): string {
  const destination = findAttribute(attributes, RTA_DST)
  const by = findUint32(attributes, RTA_OIF, hostIsLittleEndian)
  const at = destination === undefined ? 'default' : addressFromBytes(destination)
  return `${at}/${destinationLength} table ${table}${by === undefined ? '' : ` by ${by}`}`
}

const textOfRule = ({ attributes, table }: RuleMessage): string =>
  `${findUint32(attributes, FRA_PRIORITY, hostIsLittleEndian)} table ${table}`

type Place = Pick<LinkAddress, 'interfaceIndex' | 'prefixLength'> & { readonly address: IpAddress }
const same = (a: Place, b: Place): boolean =>
  a.interfaceIndex === b.interfaceIndex && a.address === b.address && a.prefixLength === b.prefixLength
