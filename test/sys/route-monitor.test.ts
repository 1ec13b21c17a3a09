import { expect, test } from 'vitest'
import { address } from '../../src/base/index.ts'
import { hfsys } from '../../src/native/index.ts'
import { openRouteClient, openRouteMonitor, type RouteEvent } from '../../src/sys/netlink/index.ts'
import { joined, must, type Namespace, namespace, until } from './namespaces.ts'

const here = namespace('here')
const there = namespace('there')
joined(here, 'eth0', there, 'eth0')
const interfaceIndex = here.within(() => hfsys().ifIndex('eth0'))
const client = must(here.within(() => openRouteClient()))

function monitor(at: Namespace, ...groups: readonly ('link' | 'address' | 'neighbour' | 'route' | 'own-routing')[]) {
  const events: RouteEvent[] = []
  const opened = must(at.within(() => openRouteMonitor({ groups, onEvent: (event) => events.push(event) })))
  return { events, close: () => opened.close() }
}

test('an address added and removed is told, by whomever, with its mark', async () => {
  const { events, close } = monitor(here, 'address')
  const request = { interfaceIndex, address: address('192.0.2.240'), prefixLength: 32, scope: 0 }
  must(client.addAddress(request))
  await until('the addition', () => events.some(({ type }) => type === 'address'))
  here.ip('addr', 'delete', '192.0.2.240/32', 'dev', 'eth0')
  await until('the removal', () => events.some(({ type }) => type === 'address-removed'))
  expect(events).toMatchObject([
    { type: 'address', address: { ...request, protocol: 0x48 } },
    { type: 'address-removed', address: request },
  ])
  close()
})

test('a peer that goes down is lost carrier: up but not running', async () => {
  const { events, close } = monitor(here, 'link')
  there.ip('link', 'set', 'eth0', 'down')
  await until('the loss', () => events.some((event) => event.type === 'link' && !event.link.running))
  expect(events.at(-1)).toMatchObject({ type: 'link', link: { name: 'eth0', up: true, running: false } })
  there.ip('link', 'set', 'eth0', 'up')
  await until('the return', () => events.some((event) => event.type === 'link' && event.link.running))
  close()
})

test('a port that leaves its bridge is a changed link, not a removed one', async () => {
  here.ip('link', 'add', 'br0', 'type', 'bridge')
  here.ip('link', 'set', 'br0', 'up')
  here.ip('link', 'add', 'port0', 'type', 'veth', 'peer', 'name', 'port1')
  here.ip('link', 'set', 'port0', 'master', 'br0')
  const { events, close } = monitor(here, 'link')
  here.ip('link', 'set', 'port0', 'nomaster')
  here.ip('link', 'delete', 'port0')
  await until('the removal', () => events.some((event) => event.type === 'link-removed'))
  const removed = events.filter((event) => event.type === 'link-removed').map(({ name }) => name)
  await until('both ends', () => events.filter((event) => event.type === 'link-removed').length === 2)
  expect(removed.every((name) => name === 'port0' || name === 'port1')).toBe(true)
  const left = events.findIndex(
    (event) => event.type === 'link' && event.link.name === 'port0' && event.link.masterIndex === undefined,
  )
  const gone = events.findIndex((event) => event.type === 'link-removed')
  expect(left).toBeGreaterThanOrEqual(0)
  expect(left).toBeLessThan(gone)
  close()
})

test('a renamed and a removed interface are told by index and name', async () => {
  here.ip('link', 'add', 'one0', 'type', 'veth', 'peer', 'name', 'one1')
  const { events, close } = monitor(here, 'link')
  here.ip('link', 'set', 'one0', 'name', 'two0')
  await until('the new name', () => events.some((event) => event.type === 'link' && event.link.name === 'two0'))
  here.ip('link', 'delete', 'two0')
  await until('the removal', () => events.some((event) => event.type === 'link-removed' && event.name === 'two0'))
  close()
})

test('neighbours are told, and their removal', async () => {
  const { events, close } = monitor(here, 'neighbour')
  here.ip('neigh', 'add', 'fe80::9', 'lladdr', '02:00:00:00:00:19', 'dev', 'eth0')
  await until('the neighbour', () => events.some((event) => event.type === 'neighbour' && !event.removed))
  here.ip('neigh', 'delete', 'fe80::9', 'dev', 'eth0')
  await until('the removal', () => events.some((event) => event.type === 'neighbour' && event.removed))
  expect(events[0]).toMatchObject({ neighbour: { interfaceIndex, address: 'fe80::9' } })
  close()
})

test('a burst of routes is told as change, fewer times than there are routes', async () => {
  here.ip('addr', 'add', '192.0.2.1/24', 'dev', 'eth0')
  const { events, close } = monitor(here, 'route')
  for (let i = 0; i < 10; i++) here.ip('route', 'add', `198.18.${i}.0/24`, 'via', '192.0.2.254')
  await until('a change', () => events.length > 0)
  expect(events.every(({ type }) => type === 'route-changed')).toBe(true)
  expect(events.length).toBeLessThan(10)
  close()
})

test('events that the kernel had to drop are told as one resync, after which nothing is missed', async () => {
  const { events, close } = monitor(here, 'address')
  // The loop does not run meanwhile: the socket's buffer, not we, must hold them.
  for (let i = 0; i < 6000; i++) {
    const request = {
      interfaceIndex,
      address: address(`10.${i >> 12}.${(i >> 6) & 63}.${i & 63}`),
      prefixLength: 32,
      scope: 0,
    }
    must(client.addAddress(request))
    must(client.deleteAddress(request))
  }
  await until('the resync', () => events.some(({ type }) => type === 'resync'))
  expect(events.filter(({ type }) => type === 'resync')).toHaveLength(1)
  here.ip('addr', 'add', '203.0.113.77/32', 'dev', 'eth0')
  await until('a later event', () =>
    events.some((event) => event.type === 'address' && event.address.address === '203.0.113.77'),
  )
  close()
})

test('a handler may close the monitor amid a batch, and hears no more', async () => {
  const events: RouteEvent[] = []
  const opened = must(
    here.within(() =>
      openRouteMonitor({
        groups: ['address'],
        onEvent: (event) => {
          events.push(event)
          opened.close()
        },
      }),
    ),
  )
  const witness = monitor(here, 'address')
  here.ip('addr', 'add', '203.0.113.78/32', 'dev', 'eth0')
  here.ip('addr', 'add', '203.0.113.79/32', 'dev', 'eth0')
  await until('both at the witness', () => witness.events.length >= 2)
  expect(events).toHaveLength(1)
  witness.close()
})

test('of routes and rules only the removal of ours and of rules is told', async () => {
  const own = monitor(here, 'own-routing')
  const all = monitor(here, 'route')
  here.ip('route', 'add', '198.51.100.0/24', 'dev', 'eth0', 'proto', '18')
  here.ip('route', 'add', '203.0.113.0/24', 'dev', 'eth0', 'proto', 'static')
  here.ip('route', 'delete', '203.0.113.0/24', 'dev', 'eth0')
  await until('the changes', () => all.events.length > 0)
  expect(own.events).toEqual([])
  here.ip('route', 'delete', '198.51.100.0/24', 'dev', 'eth0')
  await until('the removal of a route', () => own.events.length === 1)
  here.ip('-6', 'rule', 'add', 'pref', '77', 'table', '5')
  here.ip('-6', 'rule', 'delete', 'pref', '77')
  await until('the removal of a rule', () => own.events.length === 2)
  expect(own.events).toEqual([{ type: 'routing-removed' }, { type: 'routing-removed' }])
  expect(new Set(all.events.map(({ type }) => type))).toEqual(new Set(['route-changed']))
  own.close()
  all.close()
})
