import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { address } from '../../src/base/index.ts'
import { hfsys } from '../../src/native/index.ts'
import { ADDRESS_PROTOCOL, type LinkAddress, openRouteClient, type RouteClient } from '../../src/sys/netlink/index.ts'
import { joined, must, namespace } from './namespaces.ts'

const here = namespace('here')
const there = namespace('there')
joined(here, 'eth0', there, 'eth0')
const client: RouteClient = must(here.within(() => openRouteClient()))
const interfaceIndex = here.within(() => hfsys().ifIndex('eth0'))

const IFA_F_NODAD = 0x02
const IFA_F_DEPRECATED = 0x20
const IFA_F_PERMANENT = 0x80

const held = (wanted: string): LinkAddress | undefined =>
  must(client.addresses()).find((entry) => entry.address === wanted)

describe('links', () => {
  test('are told with name, state, kind and hardware address', () => {
    const links = must(client.links())
    const mac = JSON.parse(here.ip('-j', 'link', 'show', 'eth0'))[0].address as string
    const found = links.find(({ name }) => name === 'eth0')
    expect(found).toMatchObject({
      index: interfaceIndex,
      up: true,
      running: true,
      loopback: false,
      multicast: true,
      noArp: false,
      mtu: 1500,
      type: 1,
      kind: 'veth',
    })
    expect(Buffer.from(found?.mac ?? []).toString('hex')).toBe(mac.replaceAll(':', ''))
    expect(links.find(({ name }) => name === 'lo')).toMatchObject({ loopback: true, type: 772 })
  })

  test('name their master, and a bridge its kind', () => {
    here.ip('link', 'add', 'br0', 'type', 'bridge')
    here.ip('link', 'add', 'port0', 'type', 'veth', 'peer', 'name', 'port1')
    here.ip('link', 'set', 'port0', 'master', 'br0')
    const links = must(client.links())
    const bridge = links.find(({ name }) => name === 'br0')
    expect(bridge).toMatchObject({ kind: 'bridge', up: false })
    expect(links.find(({ name }) => name === 'port0')?.masterIndex).toBe(bridge?.index)
  })
})

describe('addresses', () => {
  test('an IPv4 address is added with its prefix, scope, label, broadcast and mark, before the call returns', () => {
    const request = {
      interfaceIndex,
      address: address('192.0.2.240'),
      prefixLength: 24,
      scope: 0,
      label: 'eth0:vip',
      broadcast: address('192.0.2.255'),
    }
    must(client.addAddress(request))
    expect(held('192.0.2.240')).toEqual({ ...request, flags: IFA_F_PERMANENT, protocol: ADDRESS_PROTOCOL })
    expect(JSON.parse(here.ip('-j', 'addr', 'show', 'eth0'))[0].addr_info).toContainEqual(
      expect.objectContaining({ local: '192.0.2.240', prefixlen: 24, label: 'eth0:vip', broadcast: '192.0.2.255' }),
    )
  })

  test('to add what is there, and to delete what is not, is a success', () => {
    const request = { interfaceIndex, address: address('198.51.100.1'), prefixLength: 32, scope: 0 }
    must(client.addAddress(request))
    must(client.addAddress(request))
    expect(must(client.addresses(4)).filter((entry) => entry.address === '198.51.100.1')).toHaveLength(1)
    must(client.deleteAddress(request))
    expect(held('198.51.100.1')).toBeUndefined()
    must(client.deleteAddress(request))
    must(client.deleteAddress({ ...request, interfaceIndex: 9999 }))
  })

  for (const [setting, kept] of [
    ['0', 'off'],
    ['1', 'on'],
  ] as const)
    test(`deleting the first address of a subnet leaves the others, promote_secondaries being and staying ${kept}`, () => {
      const path = '/proc/sys/net/ipv4/conf/eth0/promote_secondaries'
      here.within(() => writeFileSync(path, setting))
      const first = { interfaceIndex, address: address('198.51.100.1'), prefixLength: 24, scope: 0 }
      must(client.addAddress(first))
      must(client.addAddress({ ...first, address: address('198.51.100.2') }))
      here.ip('addr', 'add', '198.51.100.3/24', 'dev', 'eth0')
      must(client.deleteAddress(first))
      expect(held('198.51.100.1')).toBeUndefined()
      expect(held('198.51.100.2')).toMatchObject({ flags: IFA_F_PERMANENT, protocol: ADDRESS_PROTOCOL })
      expect(held('198.51.100.3')).toMatchObject({ protocol: 0 })
      expect(here.within(() => readFileSync(path, 'utf8').trim())).toBe(setting)
      here.ip('addr', 'flush', 'to', '198.51.100.0/24')
    })

  test('an IPv6 address is usable at once; at full length it is not chosen as a source', () => {
    const vip = { interfaceIndex, address: address('2001:db8::240'), prefixLength: 128, scope: 0 }
    const prefixed = { interfaceIndex, address: address('2001:db8:1::240'), prefixLength: 64, scope: 0 }
    must(client.addAddress(vip))
    must(client.addAddress(prefixed))
    must(client.addAddress(vip))
    expect(held('2001:db8::240')).toMatchObject({
      flags: IFA_F_NODAD | IFA_F_DEPRECATED | IFA_F_PERMANENT,
      protocol: ADDRESS_PROTOCOL,
      prefixLength: 128,
    })
    expect(held('2001:db8:1::240')).toMatchObject({ flags: IFA_F_NODAD | IFA_F_PERMANENT, prefixLength: 64 })
    must(client.deleteAddress(vip))
    must(client.deleteAddress(vip))
    expect(held('2001:db8::240')).toBeUndefined()
  })

  test('a rehearsed address is not added, the same one is', () => {
    const request = { interfaceIndex, address: address('198.51.100.9'), prefixLength: 24, scope: 0 }
    client.rehearseAddress(request)
    expect(held('198.51.100.9')).toBeUndefined()
    expect(must(client.addAddress(request))).toBe('added')
    must(client.deleteAddress(request))
  })

  test('a family can be asked for alone', () => {
    here.ip('addr', 'add', '203.0.113.9/32', 'dev', 'lo')
    expect(must(client.addresses(4)).every((entry) => !entry.address.includes(':'))).toBe(true)
    expect(must(client.addresses(6)).every((entry) => entry.address.includes(':'))).toBe(true)
    expect(must(client.addresses()).some((entry) => entry.address === '203.0.113.9')).toBe(true)
  })

  test('an address by someone else carries no mark', () => {
    here.ip('addr', 'add', '203.0.113.10/32', 'dev', 'eth0')
    expect(held('203.0.113.10')?.protocol).toBe(0)
  })

  test('two thousand addresses are all read', () => {
    const many = Array.from({ length: 2000 }, (_, i) => address(`10.9.${i >> 8}.${i & 255}`))
    const on = { interfaceIndex, prefixLength: 32, scope: 0 }
    for (const each of many) must(client.addAddress({ ...on, address: each }))
    const read = new Set(must(client.addresses(4)).map((entry) => entry.address))
    expect(many.every((each) => read.has(each))).toBe(true)
    for (const each of many) must(client.deleteAddress({ ...on, address: each }))
    expect(must(client.addresses(4)).some((entry) => entry.address.startsWith('10.9.'))).toBe(false)
  })

  test('a refusal carries the code and what the kernel says about it', () => {
    const onNothing = client.addAddress({
      interfaceIndex: 9999,
      address: address('192.0.2.7'),
      prefixLength: 24,
      scope: 0,
    })
    expect(onNothing).toMatchObject({ ok: false, error: { code: 'ENODEV' } })
    const tooLong = client.addAddress({ interfaceIndex, address: address('192.0.2.7'), prefixLength: 33, scope: 0 })
    expect(tooLong).toMatchObject({ ok: false, error: { code: 'EINVAL' } })
    if (!tooLong.ok)
      expect(tooLong.error.message).toBe('add 192.0.2.7/33: Invalid argument (EINVAL): ipv4: Invalid prefix length')
  })
})

describe('routes and neighbours', () => {
  test('a destination on the link has an interface and a source; one behind a gateway its gateway', () => {
    here.ip('addr', 'add', '192.0.2.1/24', 'dev', 'eth0')
    here.ip('route', 'add', '198.18.0.0/16', 'via', '192.0.2.254')
    here.ip('-6', 'route', 'add', '2001:db8:f::/48', 'via', 'fe80::99', 'dev', 'eth0')
    expect(must(client.route(address('192.0.2.9')))).toMatchObject({ interfaceIndex, type: 1 })
    expect(must(client.route(address('192.0.2.9'))).gateway).toBeUndefined()
    expect(must(client.route(address('198.18.3.4')))).toMatchObject({ interfaceIndex, gateway: '192.0.2.254' })
    expect(must(client.route(address('2001:db8:f::1')))).toMatchObject({ interfaceIndex, gateway: 'fe80::99' })
    expect(must(client.route(address('127.0.0.1')))).toMatchObject({ interfaceIndex: 1, type: 2 })
  })

  test('an IPv4 route by an IPv6 neighbour names it', () => {
    here.ip('route', 'add', '198.19.0.0/16', 'via', 'inet6', 'fe80::98', 'dev', 'eth0')
    expect(must(client.route(address('198.19.0.1')))).toMatchObject({ interfaceIndex, gateway: 'fe80::98' })
  })

  test('no route is a failure, with the code the kernel gives', () => {
    expect(client.route(address('8.8.8.8'))).toMatchObject({ ok: false, error: { code: 'ENETUNREACH' } })
  })

  test('neighbours of both families have their hardware address and state', () => {
    const NUD_PERMANENT = 0x80
    here.ip('neigh', 'add', '192.0.2.9', 'lladdr', '02:00:00:00:00:09', 'dev', 'eth0')
    here.ip('neigh', 'add', 'fe80::9', 'lladdr', '02:00:00:00:00:19', 'dev', 'eth0')
    const neighbours = must(client.neighbours())
    const mac = (last: number): Uint8Array => Uint8Array.of(2, 0, 0, 0, 0, last)
    expect(neighbours).toContainEqual({ interfaceIndex, address: '192.0.2.9', mac: mac(9), state: NUD_PERMANENT })
    expect(neighbours).toContainEqual({ interfaceIndex, address: 'fe80::9', mac: mac(0x19), state: NUD_PERMANENT })
  })
})

test('after close every request is refused as a value', () => {
  const closed = must(here.within(() => openRouteClient()))
  closed.close()
  closed.close()
  expect(closed.links().ok).toBe(false)
})
