import fc from 'fast-check'
import { expect, test } from 'vitest'
import { address } from '../../src/base/index.ts'
import {
  answerAsk,
  backendThrough,
  decodeForwardingAsk,
  type ForwardingAsk,
  type ForwardingOp,
} from '../../src/forwarding/index.ts'
import { fakeBackend } from '../roles/forwarding/fake-backend.ts'

const service = {
  address: { kind: 'address', protocol: 'tcp', address: address('2001:db8::1'), port: 80 },
  scheduler: 'sh',
  schedulerFlags: ['flag-1', 'flag-2'],
  persistence: { timeout: 300, prefixLength: 64 },
  onePacket: false,
} as const
const destination = {
  address: address('192.0.2.9'),
  port: 8080,
  weight: 3,
  method: 'tun',
  tunnel: { type: 'gue', port: 6080, checksum: 'remote-checksum' },
  upperThreshold: 7,
  lowerThreshold: 5,
} as const
const serviceKey = 'tcp/[2001:db8::1]:80'

const ops: readonly ForwardingOp[] = [
  { type: 'put-service', service },
  {
    type: 'put-service',
    service: { address: { kind: 'fwmark', family: 6, mark: 9 }, scheduler: 'wlc', onePacket: true },
  },
  { type: 'put-destination', serviceKey, destination },
  { type: 'remove-destination', serviceKey, destinationKey: '192.0.2.9:8080' },
  { type: 'remove-service', serviceKey: 'fwmark/6/9' },
  { type: 'zero-counters' },
  { type: 'zero-counters', serviceKey },
  { type: 'set-timeouts', timeouts: { tcp: 1, tcpFin: 0, udp: 3 } },
  { type: 'set-settings', settings: { sloppy_tcp: 1 } },
  {
    type: 'start-sync-daemon',
    daemon: { role: 'master', interface: 'eth0', syncId: 3, group: address('224.0.0.81'), ttl: 1 },
  },
  { type: 'stop-sync-daemon', role: 'backup' },
]
const asks: readonly ForwardingAsk[] = [
  ...(['read', 'info', 'timeouts', 'settings', 'sync-daemons', 'counters', 'exits'] as const).map((type) => ({ type })),
  { type: 'connections', limit: 10 },
  { type: 'apply', ops },
]

for (const ask of asks)
  test(`${ask.type} crosses a socket as it is`, () => {
    expect(decodeForwardingAsk(JSON.parse(JSON.stringify(ask)))).toEqual({ ok: true, value: ask })
  })

const wrong: readonly unknown[] = [
  undefined,
  null,
  [],
  { type: 'close' },
  { type: 'connections' },
  { type: 'apply' },
  { type: 'apply', ops: [null] },
  { type: 'apply', ops: [{ type: 'put-service' }] },
  { type: 'apply', ops: [{ type: 'put-service', service: { ...service, scheduler: 'best' } }] },
  {
    type: 'apply',
    ops: [{ type: 'put-service', service: { ...service, persistence: { timeout: 0, prefixLength: 1 } } }],
  },
  {
    type: 'apply',
    ops: [{ type: 'put-destination', serviceKey, destination: { ...destination, address: '192.0.2.09' } }],
  },
  { type: 'apply', ops: [{ type: 'put-destination', serviceKey, destination: { ...destination, weight: -1 } }] },
  { type: 'apply', ops: [{ type: 'remove-service', serviceKey: 'tcp/somewhere' }] },
  { type: 'apply', ops: [{ type: 'remove-destination', serviceKey, destinationKey: 'x' }] },
  { type: 'apply', ops: [{ type: 'set-settings', settings: { sloppy_tcp: '1' } }] },
  { type: 'apply', ops: [{ type: 'set-settings', settings: { nonsense: 1 } }] },
]
for (const value of wrong)
  test(`${JSON.stringify(value)} is refused`, () => {
    expect(decodeForwardingAsk(value)).toMatchObject({ ok: false })
  })

test('nothing that JSON can say makes it throw', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => void decodeForwardingAsk(value)))
  const record = fc.record({ type: fc.constantFrom(...ops.map(({ type }) => type)), service: fc.jsonValue() })
  fc.assert(fc.property(fc.array(record), (list) => void decodeForwardingAsk({ type: 'apply', ops: list })))
})

test('a backend asked through JSON answers as it does itself', async () => {
  const { backend } = fakeBackend()
  const far = backendThrough('ebpf', async (ask) => {
    const decoded = decodeForwardingAsk(JSON.parse(JSON.stringify(ask)))
    return decoded.ok ? JSON.parse(JSON.stringify(await answerAsk(backend, decoded.value))) : undefined
  })
  expect(await far.apply([{ type: 'put-service', service }])).toMatchObject([{ ok: true }])
  expect(await far.read()).toEqual(await backend.read())
  expect(await far.info()).toEqual(await backend.info())
  expect(await far.exits()).toEqual(await backend.exits())
})
