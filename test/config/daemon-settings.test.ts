import { expect, test } from 'vitest'
import { print } from '../../src/config/index.ts'
import { containers, keywordsIn } from '../../src/config/keywords/index.ts'
import { load, told } from './files.ts'

const router = 'vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress { 192.0.2.1 }\n}\n'
const settings = (lines: string) => load(`global_defs {\n${lines}\n}\n${router}`)

test('how processes are run and where dumps go', () => {
  const loaded = settings(`
    process_name keepalived
    vrrp_process_name a_very_long_name_of_a_process
    vrrp_priority -10
    vrrp_cpu_affinity 0 2 2
    vrrp_no_swap
    vrrp_netlink_monitor_rcv_bufs 4000000
    process_monitor_rcv_bufs 5000000
    checker_priority 5
    checker_rt_priority 20
    umask 022
    stats_dump_file /var/tmp/stats
    json_dump_file /var/tmp/
    json_version 2
    config_save_dir /var/lib/copies
    reload_time_file /etc/reload.time
    reload_repeat
    reload_file`)
  expect(told(loaded)).toEqual([])
  expect(loaded.model.global.daemon).toEqual({
    processName: 'keepalived',
    vrrp: { name: 'a_very_long_nam', nice: -10, cpus: [0, 2], locksProgram: true, monitorBuffer: 4_000_000 },
    checker: { name: 'keepalived', nice: 5, realTimePriority: 20 },
    processMonitorBuffer: 5_000_000,
    umask: 0o22,
    statsDumpFile: '/var/tmp/stats',
    jsonDumpFile: '/var/tmp/',
    jsonVersion: 2,
    configurationCopies: '/var/lib/copies',
    reloadTimeFile: '/etc/reload.time',
    reloadRepeat: true,
    reloadFile: '',
  })
  expect(load(print(loaded.model)).model.global.daemon).toEqual(loaded.model.global.daemon)
})

test('process_names are keepalived’s, for what looks for those', () => {
  expect(settings('process_names').model.global.daemon).toEqual({
    vrrp: { name: 'keepalived_vrrp' },
    checker: { name: 'keepalived_lvs' },
  })
})

const masks: readonly (readonly [string, number | undefined])[] = [
  ['077', 0o77],
  ['0x1f', 0x1f],
  ['63', 0o77],
  ['IRWXG|IRWXO', 0o77],
  ['IWGRP | IWOTH', 0o22],
  ['01000', undefined],
  ['IEVERY', undefined],
]
for (const [text, mask] of masks)
  test(`umask ${text}`, () => {
    const loaded = settings(`umask ${text}`)
    expect(loaded.model.global.daemon?.umask).toBe(mask)
    expect(told(loaded).length).toBe(mask === undefined ? 1 : 0)
  })

test('a processor that is no number cancels the list, a nice value out of range its line', () => {
  const loaded = settings('vrrp_cpu_affinity 0 one\nvrrp_priority -21')
  expect(loaded.model.global.daemon).toBeUndefined()
  expect(told(loaded)).toHaveLength(2)
})

test('instance: the first one counts, and it is part of file names', () => {
  const named = (lines: string) => {
    const loaded = load(`${lines}\nglobal_defs {\ndata_use_instance\n}\n${router}`)
    expect(load(print(loaded.model)).model.global.daemon).toEqual(loaded.model.global.daemon)
    return { instance: loaded.model.global.daemon?.instance, told: told(loaded) }
  }
  expect(named('instance blue')).toEqual({ instance: 'blue', told: [] })
  expect(named('instance blue\ninstance green')).toEqual({
    instance: 'blue',
    told: ['2:1 warning remark: instance is given already; the first one is used'],
  })
  expect(named('instance a/b')).toMatchObject({ instance: undefined, told: [expect.stringContaining('file names')] })
})

const session = 'bfd_instance B {\nneighbor_ip 192.0.2.9\n}\n'
const bfdWords = 'bfd_rt_priority 30\nbfd_no_swap\nbfd_cpu_affinity 1\nbfd_rlimit_rttime 7000000'

test('what is said of BFD’s process holds for the vrrp role, which has its sessions', () => {
  const loaded = load(`global_defs {\n${bfdWords}\n}\n${session}${router}`)
  expect(told(loaded)).toEqual([])
  expect(loaded.model.global.daemon?.vrrp).toEqual({ locksProgram: true, cpus: [1], processorTime: 7_000_000 })
  expect(loaded.model.global.vrrpRtPriority).toBe(30)
  expect(load(print(loaded.model)).model.global).toEqual(loaded.model.global)
})

test('what is said of the vrrp role itself goes before it, and without sessions it means nothing', () => {
  const vrrpWords = 'vrrp_rt_priority 20\nvrrp_cpu_affinity 0\nvrrp_rlimit_rttime 8000000'
  const both = load(`global_defs {\n${bfdWords}\n${vrrpWords}\n}\n${session}${router}`).model.global
  expect(both.daemon?.vrrp).toEqual({ locksProgram: true, cpus: [0], processorTime: 8_000_000 })
  expect(both.vrrpRtPriority).toBe(20)
  const alone = settings(bfdWords).model.global
  expect([alone.daemon, alone.vrrpRtPriority]).toEqual([undefined, undefined])
  // Whoever gives it a nice value wants ordinary scheduling.
  const nice = load(`global_defs {\nbfd_rt_priority 30\nvrrp_priority -3\n}\n${session}${router}`).model.global
  expect(nice.vrrpRtPriority).toBeUndefined()
})

test('limits of processor time and buffers of netlink sockets', () => {
  const loaded = settings(`
    vrrp_rlimit_rttime 6000000
    checker_rlimit_rtime 10000
    vrrp_netlink_cmd_rcv_bufs 100000
    lvs_netlink_cmd_rcv_bufs 200000
    lvs_netlink_monitor_rcv_bufs 3000000
    vrrp_netlink_cmd_rcv_bufs_force
    process_monitor_rcv_bufs_force on
    use_symlink_paths
    reload_check_config /var/log/check`)
  expect(loaded.model.global.daemon).toEqual({
    vrrp: { processorTime: 6_000_000, commandBuffer: 100_000 },
    checker: { processorTime: 5_000_000, commandBuffer: 200_000, monitorBuffer: 3_000_000 },
    reloadCheckLog: '/var/log/check',
  })
  expect(told(loaded)).toEqual([
    '4:5 warning without-effect: checker_rlimit_rtime 10000 would end a role while it reads a configuration; 5000000 holds',
  ])
  expect(load(print(loaded.model)).model.global).toEqual(loaded.model.global)
})

test('vrrp_rx_bufs_policy: MTU goes before ADVERT, whatever their order and case', () => {
  const room = (lines: string) => settings(lines).model.global.vrrpSettings?.receiveRoom
  expect(room('vrrp_rx_bufs_policy advert MTU')).toEqual({ size: 'MTU', messages: 3 })
  expect(room('vrrp_rx_bufs_multiplier 9\nvrrp_rx_bufs_policy Advert')).toEqual({ size: 'ADVERT', messages: 9 })
  expect(room('vrrp_rx_bufs_policy 70000')).toBeUndefined()
})

test('what can have no effect is told, once for each reason', () => {
  const loaded = settings(`
    lvs_netlink_monitor_rcv_bufs_force
    lvs_netlink_cmd_rcv_bufs_force
    vrrp_netlink_cmd_rcv_bufs_force false
    use_symlink_paths off
    random_seed 7
    tmp_config_directory /tmp
    bfd_process_name bfd
    bfd_priority -5
    vrrp_iptables
    vrrp_ipsets a b
    enable_snmp_vrrp
    enable_dbus`)
  expect(loaded.diagnostics.map(({ message, remedy }) => `${message}; ${remedy}`)).toEqual([
    expect.stringMatching(/lvs_netlink_\*_force have no effect; .*rmem_max/),
    expect.stringContaining('*_rcv_bufs_force false has no effect'),
    expect.stringContaining('use_symlink_paths false has no effect'),
    expect.stringMatching(/random_seed has no effect; .*fixed values/),
    expect.stringMatching(/tmp_config_directory has no effect; .*config_save_dir/),
    expect.stringMatching(/bfd_process_name has no effect; .*vrrp_process_name/),
    expect.stringMatching(/bfd_priority has no effect; .*vrrp_priority/),
    expect.stringMatching(/vrrp_iptables, vrrp_ipsets and .* have no effect; .*nftables/),
    expect.stringMatching(/SNMP.* have no effect; .*status --json/),
    expect.stringMatching(/D-Bus.* have no effect; .*vrrp_notify_fifo/),
  ])
})

test('each word without effect has a reason and a remedy', () => {
  const idle = containers.flatMap(keywordsIn).filter(({ support }) => support === 'accepted')
  expect(idle.filter(({ facts: { why, remedy } }) => why === undefined || remedy === undefined)).toEqual([])
})
