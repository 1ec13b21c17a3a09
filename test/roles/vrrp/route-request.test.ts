/** What the kernel is told of routes and rules is what `ip` (iproute2 6.1) tells it of the same. */
import { expect, test } from 'vitest'
import { hostIsLittleEndian } from '../../../src/base/index.ts'
import type { Route, Rule } from '../../../src/model/index.ts'
import { routeRequest, ruleRequest } from '../../../src/roles/vrrp/route-request.ts'
import { readLink } from '../../../src/sys/netlink/read-message.ts'
import {
  type Attribute,
  decodeNextHops,
  decodeRouteMessage,
  decodeRuleMessage,
  encodeLinkMessage,
  encodeRouteMessage,
  encodeRuleMessage,
  findAttribute,
  IFLA_LINKINFO,
  nestedAttribute,
  RTA_MULTIPATH,
  stringAttribute,
  uint32Attribute,
} from '../../../src/wire/netlink/index.ts'
import { load } from '../../config/files.ts'
import { bytes, hex } from '../../wire/netlink/arbitrary.ts'

const route = (line: string) => load(`static_routes {\n${line}\n}`).model.statics?.routes[0] as Route
const rule = (line: string) => load(`static_rules {\n${line}\n}`).model.statics?.rules[0] as Rule
const indexOf = (name: string) => (name === 'v0' ? 3 : undefined)
const inOrder = (attributes: readonly Attribute[]) =>
  attributes.map(({ type, value }) => `${type} ${hex(value)}`).sort()

const several = `02180000 fe120001 00000000 08000100 c0000600 14000800 08000200 78050000 08000100 04000000 24000900 10000002
  03000000 08000500 0a090002 10000401 03000000 08000500 0a090003`
/** Three bytes of padding, which ip leaves as they were, are zero here. */
const wrapped = `02180000 00030001 00000000 08000100 c0000c00 20001680 0c000100 00000000 00000005 08000200 0a090009 05000400
  04000000 06001500 02000000 16001200 0a00fe80 00000000 00000000 00000000 00050000 08000f00 e8030000 08000600 07000000
  08000400 03000000`
const selective = `02181000 00000001 02000000 08000200 0a070000 08000100 c0000200 08000a00 10000000 08001000 ff000000 07000300
  76300000 08000f00 e8030000 08000600 4d000000 0c001400 05000000 09000000 05001600 06000000 08001700 05000900 08001800
  50005a00 05001500 12000000`
const jumping = `0a002000 00000002 00000000 14000200 20010db8 00000000 00000000 00000000 08000400 5a000000 08000600 50000000
  05001500 12000000`

const routes: readonly [line: string, told: string][] = [
  [
    '192.0.6.0/24 mtu lock 1400 nexthop via 10.9.0.2 dev v0 weight 3 nexthop via 10.9.0.3 dev v0 weight 2 onlink',
    several,
  ],
  [
    '192.0.12.0/24 encap ip id 5 dst 10.9.0.9 ttl 4 via inet6 fe80::5 dev v0 table 1000 metric 7 protocol 3 no_track',
    wrapped,
  ],
]
for (const [line, told] of routes)
  test.runIf(hostIsLittleEndian)(`as ip does: ${line}`, () => {
    const request = routeRequest(route(line), indexOf)
    const decoded = decodeRouteMessage(bytes(told), true)
    if (typeof request === 'string' || !decoded.ok) throw new Error('no message')
    // ip leaves the mark of nesting out where the kernel does not ask for it; that of locks comes first here.
    const nestedInAnyOrder = (all: readonly Attribute[]) => inOrder(all.filter(({ type }) => type !== 8))
    expect({ ...request, attributes: nestedInAnyOrder(request.attributes) }).toEqual({
      ...decoded.value,
      attributes: nestedInAnyOrder(decoded.value.attributes),
    })
    expect(findAttribute(request.attributes, 8)?.length).toBe(findAttribute(decoded.value.attributes, 8)?.length)
    // Padding behind the last attribute of a nest is not told apart.
    expect(hex(encodeRouteMessage(decoded.value, true)).length).toBe(told.replaceAll(/\s/g, '').length)
  })

test.runIf(hostIsLittleEndian)('next hops are read back', () => {
  const decoded = decodeRouteMessage(bytes(several), true)
  const value = decoded.ok ? findAttribute(decoded.value.attributes, RTA_MULTIPATH) : undefined
  expect(decodeNextHops(value as Uint8Array, true)).toMatchObject({
    ok: true,
    value: [
      { flags: 0, hops: 2, index: 3 },
      { flags: 4, hops: 1, index: 3 },
    ],
  })
  expect(decodeNextHops(bytes('0700000003000000'), true)).toEqual({
    ok: false,
    error: { field: 'next hop length', got: 7 },
  })
})

const rules: readonly [line: string, told: string][] = [
  [
    'not from 10.7.0.0/16 to 192.0.2.0/24 fwmark 0x10/0xff iif v0 table 1000 preference 77 uidrange 5-9 ipproto tcp sport 5-9 dport 80-90',
    selective,
  ],
  ['from 2001:db8::/32 goto 90 preference 80', jumping],
]
for (const [line, told] of rules)
  test.runIf(hostIsLittleEndian)(`as ip does: rule ${line}`, () => {
    const decoded = decodeRuleMessage(bytes(told), true)
    if (!decoded.ok) throw new Error('no message')
    const request = ruleRequest(rule(line))
    expect({ ...request, attributes: inOrder(request.attributes) }).toEqual({
      ...decoded.value,
      attributes: inOrder(decoded.value.attributes),
    })
    expect(hex(encodeRuleMessage(decoded.value, true))).toBe(told.replaceAll(/\s/g, ''))
  })

test('a route by an interface that is not there waits, and says for which', () => {
  expect(routeRequest(route('192.0.2.0/24 dev eth9'), indexOf)).toBe('eth9')
  expect(routeRequest(route('192.0.2.0/24 nexthop dev v0 nexthop dev eth9'), indexOf)).toBe('eth9')
})

test('a route in a VRF has its table, and waits for it', () => {
  const inside = route('192.0.2.0/24 dev v0 vrf blue')
  const tables = (name: string) => (name === 'blue' ? 1000 : undefined)
  expect(routeRequest(inside, indexOf)).toBe('blue')
  expect(routeRequest(inside, indexOf, tables)).toMatchObject({
    table: 0,
    attributes: expect.arrayContaining([uint32Attribute(15, 1000, hostIsLittleEndian)]),
  })
})

test('the table of a VRF is told with its interface', () => {
  const linkInfo = nestedAttribute(
    IFLA_LINKINFO,
    [stringAttribute(1, 'vrf'), nestedAttribute(2, [uint32Attribute(1, 1000, hostIsLittleEndian)], hostIsLittleEndian)],
    hostIsLittleEndian,
  )
  const told = {
    family: 0,
    linkType: 1,
    index: 9,
    flags: 1,
    change: 0,
    attributes: [stringAttribute(3, 'blue'), linkInfo],
  }
  expect(readLink(encodeLinkMessage(told, hostIsLittleEndian))).toMatchObject({
    name: 'blue',
    kind: 'vrf',
    table: 1000,
  })
})
