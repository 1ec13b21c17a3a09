/**
 * What every backend owes its callers (src/forwarding/backend.ts), whichever kernel interface it stands on. A file for a
 * backend calls `backendContract` with a way to open one; each test gets a fresh, empty one.
 */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { address } from '../../src/base/index.ts'
import {
  type Destination,
  endpoint,
  type ForwardingBackend,
  type ForwardingOp,
  serviceKey,
} from '../../src/forwarding/index.ts'
import type { ServiceAddress } from '../../src/model/index.ts'

export type ContractSubject = {
  /** Where `close('services-in-place')` leaves things, the next `open` finds them. */
  open(): Promise<ForwardingBackend>
  /** Removes whatever is left of all backends of the test. */
  clean(): Promise<void>
}

const web: ServiceAddress = { kind: 'address', protocol: 'tcp', address: address('192.0.2.240'), port: 80 }
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
const putWeb: ForwardingOp = {
  type: 'put-service',
  service: { address: web, scheduler: 'wlc', onePacket: false, persistence: { timeout: 50, prefixLength: 24 } },
}
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

    test('closed with nothing left, opened again: empty', async () => {
      await apply(putWeb, putServer(server(11)))
      await backend.close('nothing')
      backend = await subject.open()
      expect(await backend.read()).toEqual({ services: [] })
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
