import { expect, test } from 'vitest'
import { load, router, told } from './files.ts'

const s = (seconds: number) => seconds * 1_000_000
const vrrp = 'vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n virtual_ipaddress { 192.0.2.1 }\n}\n'
const settings = (text: string) => {
  const loaded = load(text)
  return { settings: loaded.model.global.vrrpSettings, told: told(loaded) }
}

test('garp_group', () => {
  const { settings: found, told: said } = settings(`garp_group {
  garp_interval 0.5
  gna_interval 1
  interface eth0
  interfaces {
    eth1 eth2
    eth0
  }
}
garp_group {
  garp_interval 1
  interface eth1
  interface eth3
}
garp_group { interface eth4 }
garp_group { gna_interval 1 }
`)
  expect(found).toEqual({
    garpGroups: [
      { interfaces: ['eth0', 'eth1', 'eth2'], garpInterval: s(0.5), gnaInterval: s(1) },
      { interfaces: ['eth3'], garpInterval: s(1), gnaInterval: 0 },
    ],
  })
  expect(said).toEqual([
    expect.stringMatching(/eth1 is in another garp_group already/),
    expect.stringMatching(/garp_group has no interval/),
    expect.stringMatching(/garp_group has no interface/),
  ])
})

test('interface_up_down_delays', () => {
  const { settings: found, told: said } = settings(`interface_up_down_delays {
  eth0 0.5
  eth1 3 1.5
  eth1 4
  eth2 300
  eth3
}
`)
  expect(found).toEqual({
    interfaceDelays: [
      { interface: 'eth0', down: s(0.5), up: 0 },
      { interface: 'eth1', down: s(3), up: s(1.5) },
    ],
  })
  expect(said).toEqual([
    expect.stringMatching(/eth1 has its delays already/),
    expect.stringMatching(/300 is not a number of seconds from 0 to 255/),
    expect.stringMatching(/eth3 needs a number of seconds/),
  ])
})

test('a down delay in which the master is missed is left out', () => {
  const { settings: found, told: said } = settings(`${vrrp}interface_up_down_delays {\n eth0 2\n eth1 2\n}\n`)
  expect(found).toEqual({ interfaceDelays: [{ interface: 'eth1', down: s(2), up: 0 }] })
  expect(said).toEqual([expect.stringMatching(/eth0 has a down delay in which vrrp_instance VI_1 is missed/)])
})

test('words of global_defs', () => {
  const of = (text: string) => settings(`global_defs {\n${text}\n}\n`)
  expect(of('log_unknown_vrids\ndisable_local_igmp\nvrrp_delay_after_boot 30').settings).toEqual({
    logUnknownIds: true,
    disableLocalIgmp: true,
    delayAfterBoot: s(30),
  })
  expect(of('max_auto_priority').settings).toEqual({ autoPriority: { most: 99, lateness: s(1) } })
  expect(of('max_auto_priority 50\nmin_auto_priority_delay 1000').settings).toEqual({
    autoPriority: { most: 50, lateness: 1000 },
  })
  expect(of('max_auto_priority -1').settings).toBeUndefined()
  expect(of('max_auto_priority 100').told).toEqual([expect.stringMatching(/from -1 to 99/)])
})

test('dynamic_interfaces: an interface that is not there is no reason for a word', () => {
  const ports = { interfaceExists: () => false }
  expect(told(load(vrrp, {}, ports))).toEqual([expect.stringMatching(/eth0: no such interface/)])
  expect(told(load(`global_defs {\n dynamic_interfaces allow_if_changes\n}\n${vrrp}`, {}, ports))).toEqual([])
})

test('what has no effect is said once for each kind', () => {
  const text = `global_defs {\n enable_snmp_vrrp\n enable_traps\n snmp_socket unix:/x\n}
linkbeat_use_polling
linkbeat_interfaces { eth0 }
${vrrp.replace('interface eth0', 'interface eth0\n linkbeat_use_polling')}`
  expect(told(load(text))).toEqual([
    expect.stringMatching(/there is no SNMP agent/),
    expect.stringMatching(/links are not polled/),
  ])
})

test('timer_expired_backup needs nopreempt; its old word is one', () => {
  expect(router('nopreempt\ntimer_expired_backup')).toMatchObject({ value: { oversleptPriority: 254 }, told: [] })
  expect(router('nopreempt\ntimer_expired_backup 200').value).toMatchObject({ oversleptPriority: 200 })
  const old = router('nopreempt\nthread_timer_expired 200')
  expect(old.value).toMatchObject({ oversleptPriority: 200 })
  expect(old.told).toEqual([expect.stringMatching(/old word for timer_expired_backup/)])
  const preempting = router('timer_expired_backup')
  expect(preempting.value).not.toHaveProperty('oversleptPriority')
  expect(preempting.told).toEqual([expect.stringMatching(/timer_expired_backup needs nopreempt/)])
})

test('unicast_fault_no_peer: fault in place of multicast', () => {
  const none = router('unicast_fault_no_peer\nunicast_ttl 3')
  expect(none.value).toMatchObject({ lacksPeers: true, unicastPeers: [] })
  expect(none.told).toEqual([expect.stringMatching(/no unicast peers; the virtual router stays in fault/)])
  expect(router('unicast_fault_no_peer\nunicast_peer { 192.0.2.9 }').value).not.toHaveProperty('lacksPeers')
  expect(router('unicast_fault_no_peer').value).not.toHaveProperty('lacksPeers')
})
