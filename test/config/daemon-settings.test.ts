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
    vrrp_no_swap
    vrrp_cpu_affinity 0 2 2
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
    vrrp: { name: 'a_very_long_nam', nice: -10, cpus: [0, 2] },
    checker: { name: 'keepalived', nice: 5, realTimePriority: 20 },
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

test('what a process of Node has no use for is taken without a word', () => {
  expect(
    told(settings('vrrp_rlimit_rttime 10000\nbfd_no_swap\nchecker_no_swap\nrandom_seed 5\nreload_check_config')),
  ).toEqual([])
})
