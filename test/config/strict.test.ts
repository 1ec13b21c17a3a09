/** Accept mode, strict mode, and what global_defs says of them. */
import { expect, test } from 'vitest'
import { told as complaintsOf, load, router } from './files.ts'

const dropRows: readonly (readonly [lines: string, drops: true | undefined])[] = [
  ['', undefined],
  ['accept', undefined],
  ['no_accept', true],
  ['no_accept\naccept', undefined],
  ['no_accept\npriority 255', undefined],
  ['version 3\nstrict_mode', true],
  ['version 3\nstrict_mode\naccept', undefined],
  ['version 2\nstrict_mode\naccept', true],
  ['version 2\nstrict_mode\npriority 255', undefined],
]
for (const [lines, drops] of dropRows)
  test(`packets to the virtual addresses are ${drops ? 'dropped' : 'accepted'}: ${lines.replaceAll('\n', ' ') || 'by default'}`, () => {
    expect(router(lines).value?.dropsPackets).toBe(drops)
  })

test('strict mode puts right what it does not allow, and says where', () => {
  const { value, told } = router(`strict_mode on
state MASTER
priority 100
preempt_delay 5
down_timer_adverts 9
garp_lower_prio_repeat 4
higher_prio_send_advert on
use_vmac 02:00:00:00:00:01
vmac_xmit_base
authentication {
auth_type PASS
auth_pass secret
}`)
  expect(value).toMatchObject({
    initialState: 'backup',
    preemptDelay: 0,
    downTimerAdverts: 3,
    lowerPrioNoAdvert: true,
    higherPrioSendAdvert: false,
    announcements: { lowerPrioDelay: 0, lowerPrioRepeat: 0 },
    virtualLink: { kind: 'macvlan', transmitsOnBase: false },
    dropsPackets: true,
  })
  expect(value?.authentication).toBeUndefined()
  expect(value?.virtualLink?.mac).toBeUndefined()
  const places = told.map((one) => one.split(':').slice(0, 1).join())
  expect(places.sort((a, b) => Number(a) - Number(b))).toEqual(['3', '5', '6', '9', '10', '11'])
})

const strictDrops: readonly (readonly [lines: string, message: RegExp])[] = [
  [
    'unicast_peer {\n192.0.2.9\n}',
    /^3:1 error object: vrrp_instance VI_1 has unicast peers, which strict mode does not know/,
  ],
  [
    'virtual_ipaddress {\n}\nno_virtual_ipaddress',
    /^5:1 error object: .* has no virtual address, and strict mode needs one/,
  ],
  ['virtual_ipaddress {\n2001:db8::1\n}', /begins with 2001:db8::1, and strict mode wants a link-local address first/],
]
for (const [lines, message] of strictDrops)
  test(`strict mode leaves out: ${lines.replaceAll('\n', ' ')}`, () => {
    const { value, told } = router(`strict_mode on\n${lines}`)
    expect(value).toBeUndefined()
    expect(
      told.some((one) => message.test(one)),
      told.join('\n'),
    ).toBe(true)
  })

test('an owner in strict mode ignores advertisements; auth_hmac enforces', () => {
  const key = '0'.repeat(64)
  const { value } = router(
    `strict_mode on\npriority 255\nauth_hmac {\nkey 1 hex:${key}\nactive_key 1\nmode permissive\n}`,
  )
  expect(value).toMatchObject({ ownerIgnoreAdverts: true, initialState: 'master', hmac: { mode: 'enforce' } })
})

test('global_defs names links and the table; vrrp_strict is for all that do not say otherwise', () => {
  const text = `global_defs {
vrrp_strict
vmac_prefix vm
vmac_addr_prefix va
nftables fw
nftables_priority -5
nftables_ifindex
nftables_counters
vrrp_iptables
vrrp_ipsets a b
}
vrrp_instance A {
interface eth0
virtual_router_id 1
virtual_ipaddress {
192.0.2.1
}
}
vrrp_instance B {
interface eth0
virtual_router_id 2
strict_mode off
virtual_ipaddress {
192.0.2.2
}
}`
  const loaded = load(text)
  expect(loaded.model.global.interfaceSettings).toEqual({
    linkPrefix: 'vm',
    addressLinkPrefix: 'va',
    table: 'fw',
    chainPriority: -5,
    countPackets: true,
  })
  expect(loaded.model.virtualRouters.map(({ dropsPackets }) => dropsPackets)).toEqual([true, undefined])
  expect(complaintsOf(loaded)).toEqual([
    expect.stringMatching(/^9:1 warning without-effect: .*nftables, in a table of our own; vrrp_iptables, vrrp_ipsets/),
  ])
})
