/** What is left of a real server that drains, in all services of its group. */
import { expect, test } from 'vitest'
import type { ForwardingSnapshot } from '../../../src/observe/index.ts'
import { remainingIn } from '../../../src/roles/supervisor/remaining.ts'
import { configurationFor, realServer, virtualServer } from './models.ts'

const one = virtualServer(1, { key: 'group/WEB/tcp/4' })
const { service } = one
if (service.kind !== 'address') throw new Error('no address')
const others = [{ ...service, port: 443 }]
const destination = (port: number, activeConnections: number) => ({
  ...{ address: '192.0.2.1', port, weight: 0, activeConnections },
})
const table = {
  services: [
    { key: 'tcp/203.0.113.1:80', destinations: [destination(80, 1)] },
    { key: 'tcp/203.0.113.1:443', destinations: [destination(443, 3)] },
  ],
} as unknown as ForwardingSnapshot

test.each([
  ['dr', 80, 4],
  ['dr', 8080, 4],
  ['tun', 443, 4],
  ['nat', 443, 3],
  ['nat', 0, 4],
] as const)('%s, port %i: connections of each service whose port it has are counted', (method, port, connections) => {
  const real = realServer(1, { method, port })
  const model = configurationFor({ virtualServers: [{ ...one, group: { name: 'WEB', others }, realServers: [real] }] })
  const place = { service: one.key, realServer: `192.0.2.1:${port}`, address: real.address }
  expect(remainingIn(table, model).of(place)).toEqual({ connections, open: false })
})
