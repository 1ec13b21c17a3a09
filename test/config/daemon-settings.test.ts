import { expect, test } from 'vitest'
import { print } from '../../src/config/index.ts'
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

test('what can have no effect is told, once for each reason', () => {
  const loaded = settings(`
    vrrp_rlimit_rttime 5000
    checker_rlimit_rttime 5000
    vrrp_netlink_cmd_rcv_bufs 100000
    vrrp_netlink_monitor_rcv_bufs_force
    lvs_netlink_monitor_rcv_bufs 100000
    random_seed 7
    tmp_config_directory /tmp
    bfd_no_swap
    bfd_priority -5`)
  expect(told(loaded).map((line) => line.replace(/^\S+ warning remark: /, ''))).toEqual([
    expect.stringContaining('*_rlimit_rttime has no effect'),
    expect.stringContaining('*_netlink_cmd_rcv_bufs have no effect'),
    expect.stringContaining('*_rcv_bufs_force have no effect'),
    expect.stringContaining('lvs_netlink_monitor_rcv_bufs has no effect'),
    expect.stringContaining('random_seed has no effect'),
    expect.stringContaining('tmp_config_directory has no effect'),
    expect.stringContaining('BFD runs in the vrrp role'),
  ])
})
