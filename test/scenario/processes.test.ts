/** How global_defs has the daemon's processes run, as /proc shows them. */
import { readFileSync, statSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS, webService } from '../lab/configurations.ts'
import { lab } from '../lab/lab-test.ts'

const SCHED_OTHER = 0
const SCHED_RR = 2
/** Fields of proc_pid_stat(5), behind the name. */
const stat = (pid: number): readonly string[] =>
  readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
const status = (pid: number, key: string): string =>
  new RegExp(`^${key}:\\s*(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? ''
const niceOf = (pid: number): number => Number(stat(pid)[16])
const MiB = 1_048_576
const lockedBytes = (pid: number): number => Number.parseInt(status(pid, 'VmLck'), 10) * 1024
/** Soft and hard, microseconds; undefined: none. */
const realTimeLimits = (pid: number): readonly (number | undefined)[] =>
  (/^Max realtime timeout +(\S+) +(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8')) ?? [])
    .slice(1)
    .map((limit) => (limit === 'unlimited' ? undefined : Number(limit)))
const policyOf = (pid: number) => ({ priority: Number(stat(pid)[37]), policy: Number(stat(pid)[38]) })

lab('name, nice value, processors, real-time class and mask are what the configuration says', async (lab) => {
  const host = lab.host('director', { eth0: { segment: lab.segment(), addresses: ['192.0.2.11/24'] } })
  const last = cpus().length - 1
  const settings = `global_defs {
  process_name keepalived
  vrrp_process_name ka_vrrp
  vrrp_priority -7
  vrrp_no_swap
  vrrp_cpu_affinity ${last}
  vrrp_netlink_monitor_rcv_bufs 4000000
  process_monitor_rcv_bufs 5000000
  vrrp_netlink_cmd_rcv_bufs 3000000
  lvs_netlink_cmd_rcv_bufs 50000
  checker_priority 6
  checker_rt_priority 12
  checker_rlimit_rttime 7000000
  umask 0137
}
`
  const text =
    instance({ priority: 100, version: 3, advertInt: 0.1 }) +
    webService({ method: 'DR', realServers: ['192.0.2.21 80'], more: ['ha_suspend'] })
  const daemon = await host.holdfastd(settings + text)
  await host.holds(VIRTUAL_ADDRESS)
  const pidOf = async (name: string) => (await daemon.status()).roles.find(({ role }) => role === name)?.pid ?? 0
  const [vrrp, checker] = [await pidOf('vrrp'), await pidOf('checker')]

  expect([daemon.pid, vrrp, checker].map((pid) => status(pid, 'Name'))).toEqual(['keepalived', 'ka_vrrp', 'keepalived'])
  expect([niceOf(vrrp), niceOf(checker)]).toEqual([-7, 6])
  expect(status(vrrp, 'Cpus_allowed_list')).toBe(String(last))
  expect(policyOf(checker)).toEqual({ priority: 12, policy: SCHED_RR })
  // Whoever gives a nice value wants ordinary scheduling.
  expect(policyOf(vrrp).policy).toBe(SCHED_OTHER)
  // What of it is mapped from files, but no page that nobody has touched.
  expect(lockedBytes(vrrp)).toBeGreaterThan(MiB * 20)
  expect(lockedBytes(checker)).toBe(0)
  expect(realTimeLimits(checker)).toEqual([3_500_000, 7_000_000])
  expect(realTimeLimits(vrrp)).toEqual([undefined, undefined])
  // The kernel doubles them.
  const buffers = await host.exec('ss', '-A', 'netlink', '-Hanm')
  for (const size of [8_000_000, 6_000_000, 100_000]) expect(buffers.stdout).toContain(`rb${size},`)
  // The checker has become nobody afterwards.
  expect(status(checker, 'Uid')).not.toMatch(/^0\s/)
  expect(status(daemon.pid, 'Umask')).toBe('0137')
  expect(statSync(join(daemon.runDirectory, 'journal')).mode & 0o777).toBe(0o640)

  // Of a role that is started later; without the lines all is as it was.
  daemon.configure(text)
  expect((await daemon.holdfast('reload')).status).toBe(0)
  expect(status(daemon.pid, 'Name')).toBe('holdfastd')
  await daemon.killRole('vrrp')
  await daemon.shows('a new vrrp role', ({ roles }) =>
    roles.some(({ role, state, restarts }) => role === 'vrrp' && state === 'running' && restarts === 1),
  )
  const next = await pidOf('vrrp')
  expect(status(next, 'Name')).not.toBe('ka_vrrp')
  expect(policyOf(next)).toEqual({ priority: 1, policy: SCHED_RR })
  expect(policyOf(daemon.pid).policy).toBe(SCHED_OTHER)
})
