/** Virtual routers that speak to peers by any interface, of the host or of a VRF. */
import { expect, test } from 'vitest'
import { print } from '../../src/config/index.ts'
import { load, told } from './files.ts'

const peers = 'unicast_src_ip 192.0.2.1\nunicast_peer {\n192.0.2.2\n}'
const address = 'virtual_ipaddress {\n192.0.2.100/24 dev eth0\n}'
const of = (lines: string) => {
  const loaded = load(`vrrp_instance VI_1 {\nvirtual_router_id 51\n${lines}\n}`)
  const [router] = loaded.model.virtualRouters
  if (router !== undefined) expect(load(print(loaded.model)).model.virtualRouters).toEqual([router])
  return { router, told: told(loaded) }
}

test('unicast needs no interface, but an address to send from and interfaces for what it holds', () => {
  expect(of(`${peers}\n${address}`)).toMatchObject({
    router: { interface: '', anyInterface: true, source: '192.0.2.1', dontTrackPrimary: true },
    told: [],
  })
})

test('vrf names the one whose interfaces it is', () => {
  expect(of(`vrf red\n${peers}\n${address}`)).toMatchObject({
    router: { interface: 'red', anyInterface: true },
    told: [],
  })
})

test('beside an interface vrf has no effect', () => {
  const { router, told } = of(`interface eth0\nvrf red\n${peers}\n${address}`)
  expect(router).toMatchObject({ interface: 'eth0' })
  expect(router).not.toHaveProperty('anyInterface')
  expect(told).toEqual(['4:5 warning remark: vrf has no effect beside interface'])
})

test.each([
  ['multicast', address, 'has no interface; it is left out'],
  ['an address to send from that is missing', `unicast_peer {\n192.0.2.2\n}\n${address}`, 'no source to send from'],
  [
    'a link-local one',
    'unicast_src_ip fe80::1\nunicast_peer {\nfe80::2\n}\nvirtual_ipaddress {\nfe80::100 dev eth0\n}',
    'no source to send from',
  ],
])('%s cannot do without', (_, lines, message) => {
  const { router, told } = of(lines)
  expect(router).toBeUndefined()
  expect(told).toEqual([expect.stringContaining(message)])
})

test('what would be on it is left out: addresses without dev, and a virtual MAC', () => {
  const { router, told } = of(`use_vmac\n${peers}\nvirtual_ipaddress {\n192.0.2.100/24 dev eth0\n192.0.2.101/24\n}`)
  expect(router?.addresses).toHaveLength(1)
  expect(router).not.toHaveProperty('virtualLink')
  expect(told).toEqual([
    expect.stringContaining('use_vmac has no effect without an interface'),
    expect.stringContaining('192.0.2.101 has no effect without an interface'),
  ])
})

test('an id may be there once without an interface', () => {
  const one = `${peers}\n${address}`
  const loaded = load(
    `vrrp_instance A {\nvirtual_router_id 51\n${one}\n}\nvrrp_instance B {\nvirtual_router_id 51\n${one}\n}`,
  )
  expect(loaded.model.virtualRouters).toHaveLength(1)
  expect(told(loaded)).toEqual([expect.stringContaining('used twice for IPv4 without an interface')])
})
