/** Templates and expiry (ip_vs_core.c): what holds a client to its server, for how long, and what is removed when. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { address } from '../../src/base/index.ts'
import { template } from '../../src/forwarding/ebpf/layout.ts'
import { endpoint } from '../../src/forwarding/index.ts'
import { Bench } from './bench.ts'
import { put } from './cluster.ts'
import { ACK, FIN, SYN, UDP } from './frames.ts'
import { worlds } from './world.ts'

describe.each(worlds)(
  '%s',
  (_name, { family, vip, ip, network, prefix, service, serviceKey, destination, destinationKey }) => {
    let bench: Bench
    beforeEach(() => {
      bench = new Bench()
    })
    afterEach(() => bench.close())

    const servers = [11, 12, 13].map((last) => destination(`192.0.2.${last}`, 80, 'dr'))
    let port = 5000
    const tables = () => {
      const held = bench.director.tables.get(family)
      if (held === undefined) throw new Error('the tables of this family are not there')
      return held
    }

    /** Opens a TCP connection; the server's address, or undefined. */
    function open(source: string, targetPort = 80): string | undefined {
      port++
      const plan = { source, target: vip, sourcePort: port, targetPort, flags: SYN }
      bench.send(plan)
      bench.send({ ...plan, flags: ACK })
      return bench.connections().find(({ clientPort, template }) => clientPort === port && !template)?.destination
    }
    const templates = () => bench.connections().filter(({ template }) => template)

    describe('persistence', () => {
      const persistent = (timeout: number, prefixLength = 32) => ({
        persistence: { timeout, prefixLength: prefix(prefixLength) },
      })

      test('a client stays with its server, another one gets the next', () => {
        bench.apply(put(service(80, persistent(50)), servers))
        const first = open(ip('203.0.113.1'))
        expect([open(ip('203.0.113.1')), open(ip('203.0.113.1'))]).toEqual([first, first])
        expect(open(ip('203.0.113.2'))).not.toBe(first)
        expect(templates()).toHaveLength(2)
        expect(templates()[0]).toMatchObject({
          clientPort: 0,
          virtualPort: 80,
          state: 'ASSURED',
          expiresIn: expect.closeTo(50, -0.5),
        })
      })

      test('clients of one network are one with a prefix of 24', () => {
        bench.apply(put(service(80, persistent(50, 24)), servers))
        expect(open(ip('203.0.113.1'))).toBe(open(ip('203.0.113.77')))
        expect(templates().map(({ client }) => client)).toEqual([network('203.0.113.0')])
      })

      test('a service for any port keeps a client on one server for all ports', () => {
        bench.apply(put(service(0, persistent(50)), servers))
        expect(open(ip('203.0.113.1'), 80)).toBe(open(ip('203.0.113.1'), 443))
        expect(templates().map(({ virtualPort }) => virtualPort)).toEqual([0])
      })

      test('without persistence a service for any port is refused destinations', () => {
        expect(() => bench.apply(put(service(0), servers))).toThrow('needs persistence')
      })

      test('weight 0 does not break a template, removal does', () => {
        bench.apply(put(service(80, persistent(50)), servers))
        const held = open(ip('203.0.113.1'))
        const chosen = servers.find(({ address }) => address === held) ?? servers[0]!
        bench.apply([{ type: 'put-destination', serviceKey: serviceKey(80), destination: { ...chosen, weight: 0 } }])
        expect(open(ip('203.0.113.1'))).toBe(held)
        bench.apply([{ type: 'remove-destination', serviceKey: serviceKey(80), destinationKey: endpoint(chosen) }])
        expect(open(ip('203.0.113.1'))).not.toBe(held)
        expect(templates()).toHaveLength(1)
      })

      test('each new connection starts the time anew; packets do not', () => {
        bench.apply(put(service(80, persistent(50)), servers))
        open(ip('203.0.113.1'))
        bench.age('templates', 40)
        expect(templates()[0]?.expiresIn).toBeLessThanOrEqual(10)
        bench.send({ source: ip('203.0.113.1'), target: vip, sourcePort: port, targetPort: 80, flags: ACK })
        expect(templates()[0]?.expiresIn).toBeLessThanOrEqual(10)
        open(ip('203.0.113.1'))
        expect(templates()[0]?.expiresIn).toBeGreaterThan(45)
      })

      test('time up with no connection left: the next one is scheduled', async () => {
        bench.apply(put(service(80, persistent(50)), servers))
        const held = open(ip('203.0.113.1'))
        bench.age('connections', 901)
        expect(await bench.sweep()).toBe(1)
        bench.age('templates', 51)
        expect(open(ip('203.0.113.1'))).not.toBe(held)
      })

      test('time up while a connection lives: it holds, but from then on for 60 s', async () => {
        bench.apply(put(service(80, persistent(500)), servers))
        const held = open(ip('203.0.113.1'))
        bench.age('templates', 501)
        expect(templates()[0]?.expiresIn).toBeGreaterThan(30)
        expect(templates()[0]?.expiresIn).toBeLessThan(60)
        await bench.sweep()
        expect(templates()[0]?.expiresIn).toBeLessThanOrEqual(60)
        expect(open(ip('203.0.113.1'))).toBe(held)
        expect(templates()[0]?.expiresIn).toBeLessThanOrEqual(60)
      })

      test('times of 60 s follow one on another, however late it is noticed that a connection has ended', async () => {
        bench.apply(put(service(80, persistent(50)), servers))
        open(ip('203.0.113.1'))
        // Its time was up 80 s ago, then 20 s ago; the connection, of 900 s, ended in between.
        bench.age('templates', 50 + 80)
        bench.age('connections', 900 + 30)
        expect(await bench.sweep()).toBe(2)
        open(ip('203.0.113.1'))
        bench.age('templates', 50 + 80)
        bench.age('connections', 900 + 10)
        expect(await bench.sweep()).toBe(1)
        expect(templates()[0]?.expiresIn).toBeGreaterThan(36)
        expect(templates()[0]?.expiresIn).toBeLessThanOrEqual(40)
      })

      test('the sweep removes a template when its connections are gone and its time is up, and the counts follow', async () => {
        bench.apply(put(service(80, persistent(50)), servers))
        const held = open(ip('203.0.113.1'))
        expect(bench.load(endpoint({ address: address(held ?? ''), port: 80 }))).toEqual({
          active: 1,
          inactive: 0,
          persistent: 1,
        })
        bench.age('connections', 901)
        bench.age('templates', 51)
        expect(await bench.sweep()).toBe(2)
        expect(bench.load(endpoint({ address: address(held ?? ''), port: 80 }))).toEqual({
          active: 0,
          inactive: 0,
          persistent: 0,
        })
        expect(bench.connections()).toEqual([])
      })

      test.each([
        [80, 32],
        [80, 20],
        [0, 32],
        [0, 24],
      ])(
        'port %i, prefix %i: a connection that is removed is taken off its template',
        async (servicePort, prefixLength) => {
          bench.apply(put(service(servicePort, persistent(50, prefixLength)), servers))
          const held = open(ip('203.0.113.77'), 80)
          open(ip('203.0.113.77'), 80)
          bench.age('connections', 901)
          bench.age('templates', 51)
          await bench.sweep()
          expect(bench.connections()).toEqual([])
          expect(bench.load(endpoint({ address: address(held ?? ''), port: 80 }))).toEqual({
            active: 0,
            inactive: 0,
            persistent: 0,
          })
        },
      )

      test('UDP: questions of one client from any of its ports go to one server, for which a template holds', () => {
        bench.apply(put(service(53, { protocol: 'udp', ...persistent(50) }), servers))
        const ask = (source: string, sourcePort: number) =>
          bench.send({ source, target: vip, sourcePort, targetPort: 53, protocol: UDP })
        for (let from = 1000; from < 1010; from++) ask(ip('203.0.113.1'), from)
        ask(ip('203.0.113.2'), 1000)
        const to = (client: string) =>
          new Set(
            bench.connections().flatMap((one) => (one.client === client && !one.template ? [one.destination] : [])),
          )
        expect([to(ip('203.0.113.1')).size, to(ip('203.0.113.2')).size]).toEqual([1, 1])
        expect([...to(ip('203.0.113.1'))]).not.toEqual([...to(ip('203.0.113.2'))])
        expect(templates().map(({ protocol }) => protocol)).toEqual(['udp', 'udp'])
      })

      test('TCP and UDP of one client and port have templates of their own', () => {
        bench.apply([
          ...put(service(53, persistent(50)), servers),
          ...put(service(53, { protocol: 'udp', ...persistent(50) }), servers),
        ])
        open(ip('203.0.113.1'), 53)
        bench.send({ source: ip('203.0.113.1'), target: vip, sourcePort: 1000, targetPort: 53, protocol: UDP })
        expect(
          templates()
            .map(({ protocol }) => protocol)
            .sort(),
        ).toEqual(['tcp', 'udp'])
      })

      test('an overloaded server keeps the clients of its templates, and gets no other', () => {
        const limited = servers.map((one) => ({ ...one, upperThreshold: 2, lowerThreshold: 1 }))
        bench.apply(put(service(80, persistent(50)), limited))
        const held = open(ip('203.0.113.1'))
        expect([open(ip('203.0.113.1')), open(ip('203.0.113.1'))]).toEqual([held, held])
        const others = [2, 3, 4, 5].map((last) => open(ip(`203.0.113.${last}`)))
        expect(others).not.toContain(held)
        // Two servers with two connections each: now all are full.
        expect(open(ip('203.0.113.9'))).toBeUndefined()
        expect(open(ip('203.0.113.1'))).toBe(held)
      })
    })

    describe('one-packet scheduling', () => {
      const ask = (sourcePort: number, source: string = ip('203.0.113.1')) =>
        bench.send({ source, target: vip, sourcePort, targetPort: 53, protocol: UDP })
      const once = (method: 'nat' | 'dr', more = {}) =>
        put(
          service(53, { protocol: 'udp', onePacket: true, ...more }),
          servers.map((one) => ({ ...one, port: 53, method })),
        )
      const carried = () =>
        bench.counters()[0]?.destinations.map(({ connections, inPackets }) => [connections, inPackets])

      test.each(['dr', 'nat'] as const)(
        '%s: every packet is scheduled anew and counts as a connection; none is kept',
        (method) => {
          bench.apply(once(method))
          for (let i = 0; i < 6; i++) expect(ask(1000).exit).toBe('forwarded')
          expect(carried()).toEqual([
            [2, 2],
            [2, 2],
            [2, 2],
          ])
          expect(bench.connections()).toEqual([])
          expect(bench.load(destinationKey('192.0.2.11', 53))).toEqual({ active: 0, inactive: 0, persistent: 0 })
        },
      )

      test("NAT: the packet is rewritten, the answer is nobody's and passes to the stack", () => {
        bench.apply(once('nat'))
        const { packet } = ask(1000)
        expect(packet).toMatchObject({
          sourcePort: 1000,
          targetPort: 53,
          headerChecksumRight: true,
          checksumRight: true,
        })
        const { exit } = bench.send({
          source: packet.target,
          target: ip('203.0.113.1'),
          sourcePort: 53,
          targetPort: 1000,
          protocol: UDP,
        })
        expect(exit).toBe('no-service')
      })

      test('with persistence the template decides, and nothing holds it past its time', async () => {
        bench.apply(once('dr', { persistence: { timeout: 50, prefixLength: prefix(32) } }))
        for (let i = 0; i < 6; i++) ask(1000 + i)
        expect(carried()?.filter(([connections]) => connections === 6)).toHaveLength(1)
        bench.age('templates', 51)
        expect(await bench.sweep()).toBe(1)
        expect(bench.connections()).toEqual([])
      })

      test('TCP connections are kept all the same', () => {
        bench.apply(put(service(80, { onePacket: true }), servers))
        expect(open(ip('203.0.113.1'))).toBeDefined()
      })
    })

    describe('expiry', () => {
      test('an expired connection counts as absent before anybody removes it', () => {
        bench.apply(put(service(80), servers))
        open(ip('203.0.113.1'))
        bench.age('connections', 902)
        expect(
          bench.send({ source: ip('203.0.113.1'), target: vip, sourcePort: port, targetPort: 80, flags: ACK }).exit,
        ).toBe('no-connection')
        expect(bench.connections()).toEqual([])
        expect(servers.map(({ address }) => bench.load(endpoint({ address, port: 80 })).active)).toEqual([0, 0, 0])
      })

      test('the sweep removes both entries of a NAT connection and leaves fresh ones', async () => {
        bench.apply(put(service(8000), [destination('198.51.100.11', 8080, 'nat')]))
        open(ip('203.0.113.1'), 8000)
        bench.age('connections', 902)
        open(ip('203.0.113.2'), 8000)
        expect(await bench.sweep()).toBe(1)
        expect(bench.connections().map(({ client }) => client)).toEqual([ip('203.0.113.2')])
        expect([...tables().connections.slices(4096)].reduce((sum, { count }) => sum + count, 0)).toBe(2)
      })

      test('UDP is kept 300 s after the last packet of either side, and is never active', async () => {
        bench.apply(put(service(53, { protocol: 'udp' }), [destination('198.51.100.11', 53, 'nat')]))
        const plan = { source: ip('203.0.113.1'), target: vip, sourcePort: 999, targetPort: 53, protocol: UDP }
        bench.send(plan)
        expect(bench.load(destinationKey('198.51.100.11', 53))).toEqual({ active: 0, inactive: 1, persistent: 0 })
        bench.age('connections', 290)
        expect(
          bench.send({
            source: ip('198.51.100.11'),
            target: ip('203.0.113.1'),
            sourcePort: 53,
            targetPort: 999,
            protocol: UDP,
          }).exit,
        ).toBe('replied')
        bench.age('connections', 290)
        expect(await bench.sweep()).toBe(0)
        bench.age('connections', 20)
        expect(await bench.sweep()).toBe(1)
      })

      test('an inactive connection: after both have closed', () => {
        bench.apply(put(service(80), [destination('192.0.2.11', 80, 'dr')]))
        open(ip('203.0.113.1'))
        bench.send({ source: ip('203.0.113.1'), target: vip, sourcePort: port, targetPort: 80, flags: FIN | ACK })
        expect(bench.load(destinationKey('192.0.2.11', 80))).toEqual({ active: 0, inactive: 1, persistent: 0 })
        expect(bench.connections()[0]?.state).toBe('FIN_WAIT')
      })

      test('evicted half-open connections are taken off the counts', async () => {
        bench.apply(put(service(80), [destination('192.0.2.11', 80, 'dr')]))
        for (let i = 0; i < 10; i++)
          bench.send({ source: ip('203.0.113.1'), target: vip, sourcePort: 2000 + i, targetPort: 80, flags: SYN })
        expect(bench.load(destinationKey('192.0.2.11', 80)).active).toBe(10)
        const size = tables().embryos.info.keySize
        for (const { count, keys } of [...tables().embryos.slices(4096)])
          for (let i = 0; i < count; i += 2) tables().embryos.delete(keys.slice(i * size, (i + 1) * size))
        await bench.sweep()
        await bench.sweep()
        expect(bench.load(destinationKey('192.0.2.11', 80)).active).toBe(5)
      })

      test('half-open connections that the kernel has evicted do not hold a template for ever', async () => {
        bench.apply(put(service(80, { persistence: { timeout: 50, prefixLength: prefix(32) } }), servers))
        const flood = (from: number, count: number) => {
          for (let i = 0; i < count; i++)
            bench.send({ source: ip('203.0.113.1'), target: vip, sourcePort: from + i, targetPort: 80, flags: SYN })
        }
        flood(2000, 4)
        const established = open(ip('203.0.113.1'))
        const size = tables().embryos.info.keySize
        for (const { count, keys } of [...tables().embryos.slices(4096)])
          for (let i = 0; i < count; i++) tables().embryos.delete(keys.slice(i * size, (i + 1) * size))
        // Their time of 60 s and another 60 s are over: what is established still holds it.
        bench.age('templates', 50 + 130)
        await bench.sweep()
        expect(templates()).toHaveLength(1)
        expect(open(ip('203.0.113.1'))).toBe(established)
        // Those that come then are counted from zero, and go with their time.
        flood(3000, 2)
        bench.age('connections', 1000)
        bench.age('templates', 70)
        await bench.sweep()
        expect(bench.connections()).toEqual([])
      })

      test('a template is as large as its layout says', () => {
        bench.apply(put(service(80), []))
        expect(tables().templates.info.valueSize).toBe(template.size)
      })
    })

    describe('totals', () => {
      const totals = () => {
        const one = bench.counters()[0]
        return { service: one?.connections, destinations: one?.destinations.map(({ connections }) => connections) }
      }

      test("a service's totals outlive its destinations, also when those are forgotten", async () => {
        bench.apply(put(service(80, { scheduler: 'rr' }), servers.slice(0, 2)))
        for (let i = 0; i < 4; i++) open(ip(`203.0.113.${i}`))
        expect(totals()).toEqual({ service: 4, destinations: [2, 2] })
        bench.apply([
          { type: 'remove-destination', serviceKey: serviceKey(80), destinationKey: destinationKey('192.0.2.11', 80) },
        ])
        expect(totals()).toEqual({ service: 4, destinations: [2] })
        bench.age('connections', 902)
        // The first pass removes the connections, the second one sees that nothing refers to the destination.
        await bench.sweep()
        bench.later = 121
        await bench.sweep()
        expect(totals()).toEqual({ service: 4, destinations: [2] })
        bench.apply(put(service(80, { scheduler: 'rr' }), [servers[0]!]))
        expect(totals()).toEqual({ service: 4, destinations: [0, 2] })
      })

      test('a destination that comes back in time has its totals again', () => {
        bench.apply(put(service(80), servers.slice(0, 1)))
        open(ip('203.0.113.1'))
        bench.apply([
          { type: 'remove-destination', serviceKey: serviceKey(80), destinationKey: destinationKey('192.0.2.11', 80) },
        ])
        bench.apply(put(service(80), servers.slice(0, 1)))
        expect(totals()).toEqual({ service: 1, destinations: [1] })
      })

      test('a service that is removed and put again starts from zero', () => {
        bench.apply(put(service(80), servers.slice(0, 1)))
        open(ip('203.0.113.1'))
        bench.apply([{ type: 'remove-service', serviceKey: serviceKey(80) }, ...put(service(80), servers.slice(0, 1))])
        expect(totals()).toEqual({ service: 0, destinations: [0] })
      })
    })
  },
)
