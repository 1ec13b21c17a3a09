import { expect, test } from 'vitest'
import { address, fail, ok, silentLog } from '../../../src/base/index.ts'
import type { Destination, ForwardingState, ServiceState } from '../../../src/forwarding/index.ts'
import { type SchedulerName, serviceKey } from '../../../src/model/index.ts'
import { startForwarding } from '../../../src/roles/forwarding/index.ts'
import {
  channelPair,
  type ForwardingSlice,
  type FromForwarding,
  type ToForwarding,
} from '../../../src/roles/ipc/index.ts'
import { fakeBackend } from './fake-backend.ts'

const slice: ForwardingSlice = { backend: 'ebpf', pinDirectory: '/sys/fs/bpf/holdfast/test', flush: false }

const destination = (last: number, method: Destination['method'] = 'dr'): Destination => ({
  address: address(`192.0.2.${last}`),
  port: 80,
  weight: 1,
  method,
  upperThreshold: 0,
  lowerThreshold: 0,
})

const service = (
  last: number,
  destinations: readonly Destination[],
  scheduler: SchedulerName = 'rr',
): ServiceState => ({
  service: {
    address: { kind: 'address', protocol: 'tcp', address: address(`203.0.113.${last}`), port: 80 },
    scheduler,
    onePacket: false,
  },
  destinations,
})

const key = (last: number) => `tcp/203.0.113.${last}:80`

/** The role on a channel in memory, with a clock that the test turns. */
function role(initial?: ForwardingState) {
  const fake = fakeBackend(initial)
  const [roleEnd, end] = channelPair<ToForwarding, FromForwarding>()
  const said: FromForwarding[] = []
  const alarms: (() => void)[] = []
  let gone = false
  end.onMessage((message) => void said.push(message))
  end.onClosed(() => {
    gone = true
  })
  startForwarding(
    roleEnd,
    {
      openBackend: async () => ok(fake.backend),
      schedule(_, action) {
        alarms.push(action)
        return () => void alarms.splice(alarms.indexOf(action), 1)
      },
    },
    silentLog,
  )
  let order = 0
  const settle = async () => {
    for (let i = 0; i < 100; i++) await Promise.resolve()
  }
  return {
    fake,
    said,
    alarms,
    end,
    gone: () => gone,
    async tell(...messages: ToForwarding[]) {
      for (const message of messages) end.send(message)
      await settle()
    },
    async serve() {
      await this.tell({ type: 'offer', revision: 1, slice }, { type: 'commit', revision: 1 })
    },
    want(complete: boolean, ...services: ServiceState[]) {
      order += 1
      return this.tell({ type: 'services-wanted', order, complete, services })
    },
    failures: () => said.findLast((message) => message.type === 'services-applied')?.failures,
    held: () => fake.state.services.map(({ service: one }) => serviceKey(one.address)),
  }
}

test('an offer is answered ready, a commit applied', async () => {
  const one = role()
  await one.serve()
  expect(one.said).toEqual([{ type: 'started' }, { type: 'ready', revision: 1 }, { type: 'applied', revision: 1 }])
})

test('a kernel that cannot do it refuses the offer with its reason', async () => {
  const one = role()
  one.fake.probed = fail({ reason: 'no-bpf', message: 'no BPF here' })
  await one.tell({ type: 'offer', revision: 1, slice })
  expect(one.said.at(-1)).toEqual({ type: 'refused', revision: 1, reason: 'no BPF here' })
  expect(one.fake.closed).toBe('services-in-place')
})

test('another pin directory is refused on a reload; the same slice is not', async () => {
  const one = role()
  await one.serve()
  await one.tell({ type: 'offer', revision: 2, slice: { ...slice, pinDirectory: '/elsewhere' } })
  expect(one.said.at(-1)).toMatchObject({ type: 'refused', revision: 2 })
  await one.tell({ type: 'offer', revision: 3, slice })
  expect(one.said.at(-1)).toEqual({ type: 'ready', revision: 3 })
})

test('nothing is planned before the first complete list: what is held stays', async () => {
  const one = role({ services: [service(1, [destination(1)])] })
  await one.serve()
  await one.want(false, service(2, [destination(2)]))
  expect(one.held()).toEqual([key(1)])
  await one.want(true, service(2, [destination(2)]))
  expect(one.held()).toEqual([key(2)])
})

test('what is held as wanted is taken over without an order', async () => {
  const one = role({ services: [service(1, [destination(1)])] })
  await one.serve()
  await one.want(true, service(1, [destination(1)]))
  expect(one.fake.applied).toEqual([])
  expect(one.failures()).toEqual([])
})

test('an incremental list changes the services in it and leaves the others', async () => {
  const one = role()
  await one.serve()
  await one.want(true, service(1, [destination(1)]), service(2, [destination(2)]))
  await one.want(false, service(2, [destination(3)]))
  expect(one.fake.state.services.map(({ destinations }) => destinations.map((held) => held.address))).toEqual([
    ['192.0.2.1'],
    ['192.0.2.3'],
  ])
})

test('lvs_flush removes what was held before, once', async () => {
  const one = role({ services: [service(1, [destination(1)])] })
  const flushing = { ...slice, flush: true }
  await one.tell({ type: 'offer', revision: 1, slice: flushing }, { type: 'commit', revision: 1 })
  expect(one.held()).toEqual([])
  await one.want(true, service(1, [destination(1)]))
  await one.tell({ type: 'offer', revision: 2, slice: flushing }, { type: 'commit', revision: 2 })
  expect(one.held()).toEqual([key(1)])
})

const unsupported: readonly [string, ServiceState, RegExp][] = [
  ['scheduler', service(1, [destination(1)], 'lblcr'), /lb_algo lblcr is not supported; there are rr, wrr, lc, wlc/],
  [
    'address family',
    {
      ...service(1, []),
      service: {
        ...service(1, []).service,
        address: { kind: 'address', protocol: 'tcp', address: address('2001:db8::1'), port: 80 },
      },
    },
    /IPv6/,
  ],
  [
    'protocol',
    {
      ...service(1, []),
      service: {
        ...service(1, []).service,
        address: { kind: 'address', protocol: 'sctp', address: address('192.0.2.1'), port: 80 },
      },
    },
    /protocol sctp/,
  ],
  [
    'firewall mark',
    { ...service(1, []), service: { ...service(1, []).service, address: { kind: 'fwmark', family: 4, mark: 7 } } },
    /firewall mark/,
  ],
]
for (const [what, wanted, reason] of unsupported)
  test(`an unsupported ${what} fails that service alone, with a reason that status shows`, async () => {
    const one = role()
    await one.serve()
    await one.want(true, wanted, service(9, [destination(9)]))
    expect(one.held()).toEqual([key(9)])
    expect(one.failures()).toMatchObject([{ serviceKey: serviceKey(wanted.service.address) }])
    await one.tell({ type: 'snapshot-requested', id: 5 })
    const snapshot = one.said.findLast((message) => message.type === 'snapshot')?.snapshot
    expect(snapshot?.services.find(({ failure }) => failure !== undefined)?.failure).toMatch(reason)
    expect(one.alarms).toEqual([])
  })

test('an answer tells up to which order the table is, and that trying again is of no use where it is not', async () => {
  const one = role()
  await one.serve()
  await one.want(true, service(1, [destination(1)]))
  await one.want(false, service(1, [destination(1)], 'dh'))
  expect(one.said.filter(({ type }) => type === 'services-applied')).toMatchObject([
    { order: 1, failures: [] },
    { order: 2, failures: [{ serviceKey: key(1), final: true }] },
  ])
})

test('a ping is answered while an order is being worked off', async () => {
  const one = role()
  await one.serve()
  one.end.send({ type: 'services-wanted', order: 1, complete: true, services: [service(1, [destination(1)])] })
  await one.tell({ type: 'ping' })
  expect(one.said.map(({ type }) => type)).toContain('pong')
})

test('an unsupported forwarding method costs that real server only', async () => {
  const one = role()
  await one.serve()
  await one.want(true, service(1, [destination(1), destination(2, 'tun')]))
  expect(one.fake.state.services[0]?.destinations.map((held) => held.address)).toEqual(['192.0.2.1'])
  expect(one.failures()?.[0]?.reason).toMatch(/192\.0\.2\.2:80: lb_kind TUN is not supported; there are NAT, DR/)
})

test('a service that becomes unsupported stays what it was', async () => {
  const one = role()
  await one.serve()
  await one.want(true, service(1, [destination(1)]))
  await one.want(true, service(1, [destination(1)], 'dh'))
  expect(one.fake.state.services[0]?.service.scheduler).toBe('rr')
  expect(one.failures()).toHaveLength(1)
})

test('a failed order is told, and retried later from a fresh read-back until it succeeds', async () => {
  const one = role()
  await one.serve()
  one.fake.refuse = (op) => (op.type === 'put-destination' ? 'the table is full' : undefined)
  await one.want(true, service(1, [destination(1)]))
  expect(one.failures()).toEqual([{ serviceKey: key(1), reason: 'the table is full' }])
  expect(one.alarms).toHaveLength(1)

  const reads = one.fake.calls.filter((call) => call === 'read').length
  one.fake.refuse = undefined
  one.alarms.shift()?.()
  await one.tell()
  expect(one.fake.calls.filter((call) => call === 'read')).toHaveLength(reads + 1)
  expect(one.failures()).toEqual([])
  expect(one.fake.state.services[0]?.destinations).toHaveLength(1)
  expect(one.alarms).toEqual([])
})

test('stop removes everything, or leaves it when told so', async () => {
  const one = role()
  await one.serve()
  await one.tell({ type: 'stop', leave: false })
  expect([one.fake.closed, one.gone()]).toEqual(['nothing', true])
  const other = role()
  await other.serve()
  await other.tell({ type: 'stop', leave: true })
  expect(other.fake.closed).toBe('services-in-place')
})

test('when the supervisor dies the services stay in place and the role ends', async () => {
  const one = role()
  await one.serve()
  await one.want(true, service(1, [destination(1)]))
  one.end.close()
  await one.tell()
  expect(one.fake.closed).toBe('services-in-place')
  expect(one.held()).toEqual([key(1)])
})

test('a role that was never committed removes nothing at its stop', async () => {
  const one = role({ services: [service(1, [])] })
  await one.tell(
    { type: 'offer', revision: 1, slice },
    { type: 'withdraw', revision: 1 },
    { type: 'stop', leave: false },
  )
  expect(one.fake.closed).toBe('services-in-place')
})
