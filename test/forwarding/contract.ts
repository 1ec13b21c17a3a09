/**
 * What every backend owes its callers (src/forwarding/backend.ts), whichever kernel interface it stands on. A file for a
 * backend calls `backendContract` with a way to open one; each test gets a fresh, empty one. What `probe()` says it can do
 * is put and read back; all else has to be refused as not supported and leave no trace. So a backend that learns something
 * and says so is held to it, and one that lies either way fails.
 */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { address } from '../../src/base/index.ts'
import {
  type BackendCapabilities,
  type ControlOp,
  type Destination,
  defaultSettings,
  endpoint,
  type ForwardingBackend,
  type ForwardingOp,
  type Service,
  serviceKey,
  settingNames,
  settingRules,
} from '../../src/forwarding/index.ts'
import { type SchedulerFlag, type ServiceAddress, schedulers, type Tunnel } from '../../src/model/index.ts'

export type ContractSubject = {
  /** The control orders that the backend carries out; the others it has to refuse as not supported. */
  readonly controls: readonly ControlOp['type'][]
  /** Where `close('services-in-place')` leaves things, the next `open` finds them. */
  open(): Promise<ForwardingBackend>
  /** Removes whatever is left of all backends of the test. */
  clean(): Promise<void>
}

type Addressed = Extract<ServiceAddress, { kind: 'address' }>
const web: Addressed = { kind: 'address', protocol: 'tcp', address: address('192.0.2.240'), port: 80 }
const dns: ServiceAddress = { kind: 'address', protocol: 'udp', address: address('192.0.2.240'), port: 53 }
const key = serviceKey(web)

const server = (last: number, more: Partial<Destination> = {}): Destination => ({
  address: address(`192.0.2.${last}`),
  port: 80,
  weight: 1,
  method: 'dr',
  upperThreshold: 0,
  lowerThreshold: 0,
  ...more,
})
const putWeb = {
  type: 'put-service',
  service: { address: web, scheduler: 'wlc', onePacket: false, persistence: { timeout: 50, prefixLength: 24 } },
} as const satisfies ForwardingOp
const putServer = (destination: Destination): ForwardingOp => ({
  type: 'put-destination',
  serviceKey: key,
  destination,
})
const dropServer = (destination: Destination): ForwardingOp => ({
  type: 'remove-destination',
  serviceKey: key,
  destinationKey: endpoint(destination),
})

export function backendContract(name: string, subject: ContractSubject): void {
  describe(`${name}: the contract of a backend`, () => {
    let backend: ForwardingBackend
    beforeEach(async () => {
      backend = await subject.open()
    })
    afterEach(async () => {
      await backend.close('nothing')
      await subject.clean()
    })

    const apply = async (...ops: ForwardingOp[]) => {
      const results = await backend.apply(ops)
      return results.map((result) => (result.ok ? 'ok' : result.error.reason))
    }

    test('a fresh backend holds nothing', async () => {
      expect(await backend.read()).toEqual({ services: [] })
      expect(await backend.counters()).toEqual([])
      expect(await backend.connections(10)).toEqual([])
    })

    test('what was put is read back as it was put, destinations newest first', async () => {
      const one = server(11, { weight: 3, upperThreshold: 100, lowerThreshold: 50 })
      const two = server(12, { method: 'nat', port: 8080 })
      expect(await apply(putWeb, putServer(one), putServer(two))).toEqual(['ok', 'ok', 'ok'])
      expect(await backend.read()).toEqual({
        services: [{ service: putWeb.type === 'put-service' ? putWeb.service : undefined, destinations: [two, one] }],
      })
    })

    test('putting again edits in place and keeps the order', async () => {
      await apply(putWeb, putServer(server(11)), putServer(server(12)))
      const plain = { address: web, scheduler: 'rr', onePacket: false } as const
      expect(await apply({ type: 'put-service', service: plain }, putServer(server(11, { weight: 0 })))).toEqual([
        'ok',
        'ok',
      ])
      expect(await backend.read()).toEqual({
        services: [{ service: plain, destinations: [server(12), server(11, { weight: 0 })] }],
      })
    })

    test('every op may be given twice', async () => {
      const ops = [putWeb, putWeb, putServer(server(11)), putServer(server(11))]
      expect(await apply(...ops)).toEqual(['ok', 'ok', 'ok', 'ok'])
      const away: ForwardingOp[] = [dropServer(server(11)), { type: 'remove-service', serviceKey: key }]
      expect(await apply(...away, ...away)).toEqual(['ok', 'ok', 'ok', 'ok'])
      expect(await backend.read()).toEqual({ services: [] })
    })

    test('a destination for a service that is not there: not-found, and the rest is done', async () => {
      expect(await apply(putServer(server(11)), putWeb, putServer(server(12)))).toEqual(['not-found', 'ok', 'ok'])
      expect((await backend.read()).services[0]?.destinations).toEqual([server(12)])
    })

    test('a service that is refused takes its destinations with it, and the rest is done', async () => {
      const unknown: Service = { address: dns, scheduler: 'nonesuch' as Service['scheduler'], onePacket: false }
      const ofUnknown: ForwardingOp = { type: 'put-destination', serviceKey: serviceKey(dns), destination: server(11) }
      const multicast = server(12, { address: address('224.0.0.1') })
      expect(
        await apply(
          { type: 'put-service', service: unknown },
          ofUnknown,
          putWeb,
          putServer(server(11)),
          putServer(multicast),
          putServer(server(13, { upperThreshold: 1, lowerThreshold: 2 })),
          putServer(server(14)),
        ),
      ).toEqual(['not-supported', 'not-found', 'ok', 'ok', 'invalid', 'invalid', 'ok'])
      expect((await backend.read()).services).toEqual([
        { service: putWeb.service, destinations: [server(14), server(11)] },
      ])
    })

    test('what cannot be held is refused by value, with a sentence', async () => {
      const capabilities = await backend.probe()
      expect(capabilities.ok).toBe(true)
      const [result] = await backend.apply([putServer(server(11)), putWeb])
      expect(result?.ok === false && result.error.message.length > 10).toBe(true)
    })

    test('services differ by protocol, address and port', async () => {
      const udp: ForwardingOp = { type: 'put-service', service: { address: dns, scheduler: 'rr', onePacket: false } }
      expect(await apply(putWeb, udp)).toEqual(['ok', 'ok'])
      expect((await backend.read()).services).toHaveLength(2)
      await apply({ type: 'remove-service', serviceKey: serviceKey(dns) })
      expect((await backend.read()).services.map(({ service }) => serviceKey(service.address))).toEqual([key])
    })

    test('counters have every service and destination from the start, at zero', async () => {
      await apply(putWeb, putServer(server(11)))
      const none = { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 }
      const zero = { ...none, rates: none }
      const loads = { activeConnections: 0, inactiveConnections: 0, persistentConnections: 0 }
      expect(await backend.counters()).toEqual([
        { serviceKey: key, ...zero, destinations: [{ destinationKey: '192.0.2.11:80', ...zero, ...loads }] },
      ])
    })

    test('closed with services in place, opened again: all is there, and can be edited', async () => {
      await apply(putWeb, putServer(server(11, { weight: 7 })), putServer(server(12)))
      const before = await backend.read()
      await backend.close('services-in-place')
      backend = await subject.open()
      expect(await backend.read()).toEqual(before)
      await apply(dropServer(server(11)), putServer(server(13)))
      expect((await backend.read()).services[0]?.destinations).toEqual([server(13), server(12)])
    })

    test('services of both families are there again, and what is left of one family is edited', async () => {
      const probed = await backend.probe()
      if (!probed.ok || !probed.value.families.includes(6)) return
      const web6 = { ...web, address: address('2001:db8::240') } as const
      const key6 = serviceKey(web6)
      const server6 = server(11, { address: address('2001:db8::11') })
      const put6: ForwardingOp[] = [
        {
          type: 'put-service',
          service: {
            address: web6,
            scheduler: 'wlc',
            onePacket: false,
            persistence: { timeout: 50, prefixLength: 64 },
          },
        },
        { type: 'put-destination', serviceKey: key6, destination: server6 },
      ]
      expect(await apply(putWeb, putServer(server(11)), ...put6)).toEqual(['ok', 'ok', 'ok', 'ok'])
      const before = await backend.read()
      expect(before.services.map(({ service }) => service.persistence?.prefixLength).toSorted()).toEqual([24, 64])
      await backend.close('services-in-place')
      backend = await subject.open()
      const keyed = ({ services }: typeof before) =>
        new Map(services.map((one) => [serviceKey(one.service.address), one]))
      expect(keyed(await backend.read())).toEqual(keyed(before))
      await apply({ type: 'remove-service', serviceKey: key })
      expect([...keyed(await backend.read()).keys()]).toEqual([key6])
      expect((await backend.counters()).map(({ serviceKey: one }) => one)).toEqual([key6])
    })

    test('closed with nothing left, opened again: empty', async () => {
      await apply(putWeb, putServer(server(11)))
      await backend.close('nothing')
      backend = await subject.open()
      expect(await backend.read()).toEqual({ services: [] })
    })

    const capabilities = async (): Promise<BackendCapabilities> => {
      const probed = await backend.probe()
      if (!probed.ok) throw new Error(probed.error.message)
      return probed.value
    }
    const held = async () => (await backend.read()).services

    /** Puts a service and what it is to have, and holds the backend to its word. */
    async function holdsOrRefuses(
      can: boolean,
      service: Service,
      ...destinations: readonly Destination[]
    ): Promise<void> {
      const at = serviceKey(service.address)
      const ops = destinations.map(
        (destination): ForwardingOp => ({ type: 'put-destination', serviceKey: at, destination }),
      )
      const results = await backend.apply([{ type: 'put-service', service }, ...ops])
      const refusals = results.flatMap((result) => (result.ok ? [] : [result.error]))
      const told = { of: at, can, refusals }
      if (can) {
        expect({ ...told, held: await held() }).toEqual({
          ...told,
          refusals: [],
          held: [{ service, destinations: destinations.toReversed() }],
        })
      } else {
        expect({ ...told, first: refusals[0]?.reason }).toEqual({ ...told, first: 'not-supported' })
        expect(refusals[0]?.message.length).toBeGreaterThan(20)
        // What was refused left no trace; a service may stand without the destination that it could not have.
        const left = await held()
        expect(left.flatMap((one) => one.destinations)).toEqual([])
      }
      await backend.apply([{ type: 'remove-service', serviceKey: at }])
      expect(await held()).toEqual([])
    }

    const plain = (of: ServiceAddress, more: Partial<Service> = {}): Service => ({
      address: of,
      scheduler: 'rr',
      onePacket: false,
      ...more,
    })
    const at6 = address('2001:db8::240')
    const web6: Addressed = { kind: 'address', protocol: 'tcp', address: at6, port: 80 }
    const server6 = (last: number, more: Partial<Destination> = {}): Destination =>
      server(last, { address: address(`2001:db8::${last}`), ...more })

    for (const scheduler of schedulers)
      test(`scheduler ${scheduler}`, async () => {
        const { schedulers: known } = await capabilities()
        await holdsOrRefuses(
          known.includes(scheduler),
          plain(web, { scheduler }),
          server(11, { weight: 3 }),
          server(12),
        )
      })

    for (const scheduler of ['sh', 'mh'] as const)
      for (const flags of [['flag-1'], ['flag-2'], ['flag-1', 'flag-2']] as const satisfies readonly SchedulerFlag[][])
        test(`scheduler ${scheduler} with ${flags.join(' and ')}`, async () => {
          const can = (await capabilities()).schedulers.includes(scheduler)
          await holdsOrRefuses(can, plain(web, { scheduler, schedulerFlags: flags }), server(11))
        })

    test('a scheduler that nobody has', async () => {
      const unknown = { ...plain(web), scheduler: 'nonesuch' } as unknown as Service
      await holdsOrRefuses(false, unknown)
      expect(await held()).toEqual([])
    })

    for (const protocol of ['tcp', 'udp', 'sctp'] as const)
      for (const family of [4, 6] as const)
        test(`${protocol} over IPv${family}`, async () => {
          const can = await capabilities()
          const supported = can.protocols.includes(protocol) && can.families.includes(family)
          const of: ServiceAddress = { ...(family === 4 ? web : web6), protocol }
          await holdsOrRefuses(supported, plain(of), family === 4 ? server(11) : server6(11))
        })

    for (const method of ['nat', 'dr', 'tun'] as const)
      for (const family of [4, 6] as const)
        test(`${method} over IPv${family}`, async () => {
          const can = await capabilities()
          const port = method === 'nat' ? 8080 : 80
          const supported =
            can.methods.includes(method) &&
            can.families.includes(family) &&
            (method !== 'tun' || can.tunnels.includes('ipip'))
          const [of, destination] =
            family === 4 ? [web, server(11, { method, port })] : [web6, server6(11, { method, port })]
          await holdsOrRefuses(supported, plain(of), destination)
        })

    test('fullnat, with its local addresses', async () => {
      const can = (await capabilities()).methods.includes('fullnat')
      const service = plain(web, { localAddresses: [address('192.0.2.200'), address('192.0.2.201')] })
      await holdsOrRefuses(can, service, server(11, { method: 'fullnat', port: 8080 }))
      await holdsOrRefuses(can, { ...service, tcpOptionAddress: true }, server(11, { method: 'fullnat' }))
    })

    const tunnels: readonly Tunnel[] = [
      { type: 'gue', port: 6080, checksum: 'none' },
      { type: 'gue', port: 6081, checksum: 'checksum' },
      { type: 'gue', port: 6082, checksum: 'remote-checksum' },
      { type: 'gre', port: 0, checksum: 'none' },
      { type: 'gre', port: 0, checksum: 'checksum' },
    ]
    for (const tunnel of tunnels)
      test(`tunnel ${tunnel.type} with ${tunnel.checksum === 'none' ? 'no checksum' : tunnel.checksum}`, async () => {
        const can = await capabilities()
        const supported = can.methods.includes('tun') && can.tunnels.includes(tunnel.type)
        await holdsOrRefuses(supported, plain(web), server(11, { method: 'tun', tunnel }))
      })

    test('a tunnel leads to the other family; nothing else does', async () => {
      const can = await capabilities()
      const both = can.families.includes(4) && can.families.includes(6)
      const tunnelled = both && can.methods.includes('tun') && can.tunnels.includes('ipip')
      // A tunnel to an IPv6 server may be there before services of IPv6 are.
      if (both) await holdsOrRefuses(tunnelled, plain(web), server6(11, { method: 'tun' }))
      await holdsOrRefuses(tunnelled, plain(web6), server(11, { method: 'tun' }))
      for (const method of ['nat', 'dr'] as const)
        expect(await apply(putWeb, putServer(server6(11, { method })))).toEqual([
          'ok',
          expect.not.stringMatching(/^ok$/),
        ])
    })

    for (const family of [4, 6] as const)
      test(`a firewall mark, IPv${family}, groups ports`, async () => {
        const can = await capabilities()
        const supported = can.firewallMarks && can.families.includes(family)
        const of: ServiceAddress = { kind: 'fwmark', family, mark: 0xfffffff7 }
        await holdsOrRefuses(supported, plain(of), family === 4 ? server(11, { port: 0 }) : server6(11, { port: 0 }))
      })

    test('a service for any port, which is persistent', async () => {
      const of: ServiceAddress = { kind: 'address', protocol: 'tcp', address: web.address, port: 0 }
      await holdsOrRefuses(
        true,
        plain(of, { persistence: { timeout: 300, prefixLength: 32 } }),
        server(11, { port: 0 }),
      )
    })

    test('persistence by groups of clients', async () => {
      for (const prefixLength of [8, 24, 31])
        await holdsOrRefuses(true, plain(web, { persistence: { timeout: 1, prefixLength } }), server(11))
      const six = (await capabilities()).families.includes(6)
      for (const prefixLength of [1, 64, 128])
        await holdsOrRefuses(six, plain(web6, { persistence: { timeout: 2_678_400, prefixLength } }), server6(11))
    })

    test('one-packet scheduling', async () => {
      await holdsOrRefuses(true, plain(dns, { onePacket: true }), server(11, { port: 53 }))
    })

    test('weights and thresholds to their ends', async () => {
      const most = server(11, { weight: 65_535, upperThreshold: 2 ** 31 - 1, lowerThreshold: 2 ** 31 - 1 })
      await holdsOrRefuses(true, plain(web), most, server(12, { weight: 0, upperThreshold: 1 }))
    })

    test('a lower threshold above the upper one is refused, and what was there stays', async () => {
      const good = server(11, { upperThreshold: 10, lowerThreshold: 5 })
      const bad = server(11, { upperThreshold: 5, lowerThreshold: 10 })
      expect(await apply(putWeb, putServer(good), putServer(bad))).toEqual([
        'ok',
        'ok',
        expect.not.stringMatching(/^ok$/),
      ])
      expect((await held())[0]?.destinations).toEqual([good])
    })

    test('everything about a service can be edited, and its destinations stay', async () => {
      const { schedulers: known } = await capabilities()
      await apply(putWeb, putServer(server(11)))
      for (const scheduler of known) {
        for (const persistence of [undefined, { timeout: 77, prefixLength: 16 }]) {
          const service = plain(web, { scheduler, ...(persistence === undefined ? {} : { persistence }) })
          expect(await apply({ type: 'put-service', service })).toEqual(['ok'])
          expect(await held()).toEqual([{ service, destinations: [server(11)] }])
        }
      }
    })

    test('everything about a destination can be edited', async () => {
      const { methods } = await capabilities()
      await apply(putWeb)
      for (const method of methods.filter((one) => one !== 'fullnat'))
        for (const [weight, upperThreshold, lowerThreshold] of [
          [1, 0, 0],
          [0, 9, 0],
          [500, 9, 3],
        ] as const) {
          const destination = server(11, { method, weight, upperThreshold, lowerThreshold })
          expect(await apply(putServer(destination))).toEqual(['ok'])
          expect((await held())[0]?.destinations).toEqual([destination])
        }
    })

    test('more services and destinations than one answer of the kernel holds', async () => {
      const services = Array.from({ length: 120 }, (_, i) => plain({ ...web, port: 1_000 + i }))
      const many = Array.from({ length: 150 }, (_, i) => server(1 + i, { weight: 1 + i }))
      const results = await backend.apply([
        ...services.map((service): ForwardingOp => ({ type: 'put-service', service })),
        putWeb,
        ...many.map(putServer),
      ])
      expect(results.filter((result) => !result.ok)).toEqual([])
      const all = await held()
      expect(all.map(({ service }) => serviceKey(service.address)).sort()).toEqual(
        [key, ...services.map((service) => serviceKey(service.address))].sort(),
      )
      const webState = all.find(({ service }) => serviceKey(service.address) === key)
      expect(webState?.destinations).toEqual(many.toReversed())
      const counted = (await backend.counters()).find(({ serviceKey: of }) => of === key)
      expect(counted?.destinations.map(({ destinationKey }) => destinationKey)).toEqual(
        many.toReversed().map((destination) => endpoint(destination)),
      )
    })

    test('counters of one service, or of all, go to zero; of one that is not there: not-found', async () => {
      const missing = serviceKey({ ...web, port: 81 })
      await apply(putWeb, putServer(server(11)))
      const results = await apply(
        { type: 'zero-counters', serviceKey: key },
        { type: 'zero-counters' },
        { type: 'zero-counters', serviceKey: missing },
      )
      const supported = subject.controls.includes('zero-counters')
      expect(results).toEqual(supported ? ['ok', 'ok', 'not-found'] : Array(3).fill('not-supported'))
    })

    test('timeouts are seconds, and 0 keeps what there is', async () => {
      const before = await backend.timeouts()
      expect(before).toEqual({ tcp: 900, tcpFin: 120, udp: 300 })
      const results = await apply(
        { type: 'set-timeouts', timeouts: { tcp: 1_000, tcpFin: 0, udp: 60 } },
        { type: 'set-timeouts', timeouts: { tcp: 0, tcpFin: 77, udp: 0 } },
      )
      if (!subject.controls.includes('set-timeouts')) {
        expect(results).toEqual(['not-supported', 'not-supported'])
        expect(await backend.timeouts()).toEqual(before)
        return
      }
      expect(results).toEqual(['ok', 'ok'])
      expect(await backend.timeouts()).toEqual({ tcp: 1_000, tcpFin: 77, udp: 60 })
      expect(await apply({ type: 'set-timeouts', timeouts: before })).toEqual(['ok'])
      expect(await backend.timeouts()).toEqual(before)
    })

    test('settings have their defaults, can be set one by one, and refuse what they cannot be', async () => {
      const supported = subject.controls.includes('set-settings')
      const set = (settings: Partial<typeof defaultSettings>) => apply({ type: 'set-settings', settings })
      if (!supported) return expect(await set({ sloppy_tcp: 1 })).toEqual(['not-supported'])
      // The kernel has these two only while their schedulers are loaded.
      expect(await set({ lblc_expiration: 86_400, lblcr_expiration: 86_400 })).toEqual(['ok'])
      expect(await backend.settings()).toEqual(defaultSettings)
      for (const name of settingNames) {
        const { default: usual, min, max } = settingRules[name]
        const other = usual < max ? usual + 1 : min
        expect([name, await set({ [name]: other })]).toEqual([name, ['ok']])
        expect(await backend.settings()).toEqual({ ...defaultSettings, [name]: other })
        expect(await set({ [name]: defaultSettings[name] })).toEqual(['ok'])
      }
      expect(await set({ sloppy_tcp: 1, drop_entry: 4 })).toEqual(['invalid'])
      expect(await set({ drop_packet: 1.5 })).toEqual(['invalid'])
      expect(await backend.settings()).toEqual(defaultSettings)
    })

    test('it tells its version and how many connections it has room for', async () => {
      const { version, connectionTableSize } = await backend.info()
      expect(version).toBe('1.2.1')
      expect(connectionTableSize).toBeGreaterThanOrEqual(256)
    })

    test('sync daemons start and stop, each order twice', async () => {
      expect(await backend.syncDaemons()).toEqual([])
      const start: ForwardingOp = {
        type: 'start-sync-daemon',
        daemon: { role: 'master', interface: 'lo', syncId: 7, group: address('224.0.0.81'), port: 8850, ttl: 2 },
      }
      const backup: ForwardingOp = { type: 'start-sync-daemon', daemon: { role: 'backup', interface: 'lo', syncId: 9 } }
      const stop: ForwardingOp = { type: 'stop-sync-daemon', role: 'master' }
      if (!subject.controls.includes('start-sync-daemon'))
        return expect(await apply(start, stop)).toEqual(['not-supported', 'not-supported'])
      expect(await apply(backup, start, start)).toEqual(['ok', 'ok', 'ok'])
      expect(await backend.syncDaemons()).toMatchObject([
        { role: 'master', interface: 'lo', syncId: 7, group: '224.0.0.81', port: 8850, ttl: 2 },
        { role: 'backup', interface: 'lo', syncId: 9 },
      ])
      const changed: ForwardingOp = { ...start, daemon: { ...start.daemon, syncId: 8 } }
      expect(await apply(changed, { ...stop, role: 'backup' })).toEqual(['ok', 'ok'])
      expect(await backend.syncDaemons()).toMatchObject([{ role: 'master', syncId: 8 }])
      const nowhere: ForwardingOp = { ...start, daemon: { role: 'backup', interface: 'nowhere0', syncId: 1 } }
      expect(await apply(stop, stop, nowhere)).toEqual(['ok', 'ok', 'invalid'])
      expect(await backend.syncDaemons()).toEqual([])
      // Also before it has begun to run, which it has in some of these.
      for (let round = 0; round < 100; round++) expect(await apply(start, stop)).toEqual(['ok', 'ok'])
      expect(await backend.syncDaemons()).toEqual([])
    })

    test('destinations come and go many times without running out of room', async () => {
      await apply(putWeb)
      for (let round = 0; round < 50; round++) {
        for (let last = 1; last <= 20; last++) await apply(putServer(server(last)))
        for (let last = 1; last <= 20; last++) await apply(dropServer(server(last)))
      }
      expect((await backend.read()).services[0]?.destinations).toEqual([])
    })
  })
}
