/** use_vmac, use_ipvlan and their kin. */
import { expect, test } from 'vitest'
import { router } from './files.ts'

const linkRows: readonly (readonly [lines: string, link: unknown])[] = [
  ['use_vmac', { kind: 'macvlan', transmitsOnBase: false }],
  ['use_vmac vip0', { kind: 'macvlan', name: 'vip0', transmitsOnBase: false }],
  [
    'use_vmac name vip0 netlink_notify_msg',
    { kind: 'macvlan', name: 'vip0', transmitsOnBase: false, notifiesBase: true },
  ],
  ['use_vmac 02:0:0:0:0:a', { kind: 'macvlan', mac: '02:00:00:00:00:0a', transmitsOnBase: false }],
  ['use_vmac 02:00:00:00:01 vip0', { kind: 'macvlan', name: 'vip0', mac: '02:00:00:00:01:33', transmitsOnBase: false }],
  ['use_vmac group 7', { kind: 'macvlan', group: 7, transmitsOnBase: false }],
  ['use_vmac\nvmac_xmit_base', { kind: 'macvlan', transmitsOnBase: true }],
  ['use_vmac\nunicast_peer {\n192.0.2.9\n}', { kind: 'macvlan', transmitsOnBase: true }],
  [
    'use_ipvlan ipv0 192.0.2.200/24 private',
    {
      kind: 'ipvlan',
      name: 'ipv0',
      transmitsOnBase: false,
      mode: 'private',
      address: { address: '192.0.2.200', prefixLength: 24 },
    },
  ],
]
for (const [lines, link] of linkRows)
  test(`a virtual link: ${lines.replaceAll('\n', ' ')}`, () => {
    const { value } = router(lines)
    expect(value?.virtualLink).toEqual(link)
    expect(value?.addresses).toEqual([
      { address: '192.0.2.1', prefixLength: 24, interface: 'eth0', scope: 0, onVirtualLink: true },
    ])
  })

test('advertisements over an ipvlan leave from its address', () => {
  expect(router('use_ipvlan 192.0.2.200').value?.source).toBe('192.0.2.200')
})

test('of the excluded addresses those of the family and the interface are on the virtual link, others where they say so', () => {
  const lines =
    'use_vmac\nvirtual_ipaddress_excluded {\n192.0.2.2\n192.0.2.3 dev eth1\n192.0.2.4 dev eth1 use_vmac\n2001:db8::1\n}'
  const lifted = (more: string) =>
    router(lines + more).value?.excludedAddresses.map(({ onVirtualLink }) => onVirtualLink ?? false)
  expect(lifted('')).toEqual([true, false, true, false])
  expect(lifted('\nuse_vmac_addr')).toEqual([true, true, true, true])
})

const complaints: readonly (readonly [lines: string, message: RegExp])[] = [
  ['use_vmac a/b', /^2:10 error value: use_vmac a\/b is no interface name/],
  ['use_vmac one two', /^2:14 error value: use_vmac has the name one already/],
  ['use_vmac name', /^2:10 error missing-argument: use_vmac name needs an interface name/],
  ['use_vmac 01:00:00:00:00:01', /is a multicast address/],
  ['use_vmac 00:00:5e:00:01:33', /is of those that VRRP itself gives/],
  ['use_vmac 00:00:00:xx', /is no MAC address of 6 octets/],
  ['use_vmac group nowhere', /is no number up to \d+ and no name in group of iproute2/],
  ['use_vmac\nuse_ipvlan 192.0.2.3', /^3:1 error value: use_ipvlan is one too many/],
  ['vmac_xmit_base', /^2:1 warning remark: vmac_xmit_base has no effect without use_vmac/],
  [
    'use_vmac\nunicast_peer {\n192.0.2.9\n}',
    /speaks to unicast peers, so its advertisements go by the interface itself/,
  ],
  ['use_ipvlan', /^2:1 error object: vrrp_instance VI_1 is IPv4 and its use_ipvlan has no address; it is left out/],
  ['use_ipvlan 2001:db8::1', /is IPv4 and the address of its use_ipvlan is not; it is left out/],
]
for (const [lines, message] of complaints)
  test(`a virtual link, with a complaint: ${lines.replaceAll('\n', ' ')}`, () => {
    const { told } = router(lines)
    expect(
      told.some((one) => message.test(one)),
      told.join('\n'),
    ).toBe(true)
  })
