/**
 * Memory of every process of a daemon, Holdfast beside Debian's keepalived in the same run, once as master with a virtual
 * router alone and once with a virtual server and its checkers as well. Resident counts a page once for every process that
 * has it, as ps(1) does; `once` counts what a daemon's processes share only once, which is what the machine is short of
 * when nothing else uses the same program. keepalived's checker process needs ip_vs: on
 * a kernel without it the second comparison is with its vrrp process alone, and the table says so.
 */
import { readFileSync } from 'node:fs'
import { type Lab, openLab, until } from '../test/lab/library/index.ts'

const ADDRESS = '192.0.2.100'

const router = `vrrp_instance VI_1 {
  state MASTER
  interface eth0
  virtual_router_id 51
  priority 100
  advert_int 1
  authentication {
    auth_type PASS
    auth_pass 1111
  }
  virtual_ipaddress {
    ${ADDRESS}/24
  }
}
`

const service = `virtual_server ${ADDRESS} 80 {
  delay_loop 1
  lb_algo wlc
  lb_kind DR
  persistence_timeout 50
  protocol TCP
${[21, 22]
  .map(
    (n) => `  real_server 192.0.2.${n} 80 {
    weight 1
    TCP_CHECK {
      connect_timeout 1
    }
  }
`,
  )
  .join('')}}
`

/** Kilobytes. */
type Memory = { readonly name: string; readonly own: number; readonly shared: number }

function memoryOf(pid: number): Memory {
  const field = (text: string, name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0)
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const [program = '', ...words] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  const role =
    /^holdfast: (\w+)/.exec(program)?.[1] ?? words.find((word) => ['vrrp', 'checker', 'forwarding'].includes(word))
  return {
    name: role ?? 'supervisor',
    own: field(rollup, 'Private_Clean') + field(rollup, 'Private_Dirty'),
    shared: field(rollup, 'Shared_Clean') + field(rollup, 'Shared_Dirty'),
  }
}

type Case = { readonly name: string; readonly configuration: string; readonly checkers: boolean }
const cases: readonly Case[] = [
  { name: 'virtual router', configuration: router, checkers: false },
  { name: 'and virtual server', configuration: router + service, checkers: true },
]

/** Once start-up is over: what it needed is collected within seconds. */
async function settled(pids: () => readonly number[]): Promise<readonly Memory[]> {
  let before = Number.NaN
  let steady = 0
  return until(
    'memory has settled',
    () => {
      const now = pids().map(memoryOf)
      const total = resident(now)
      steady = Math.abs(total - before) < 256 ? steady + 1 : 0
      before = total
      return steady >= 4 ? now : undefined
    },
    { within: 60_000, every: 1000 },
  )
}

function hostsIn(lab: Lab) {
  const lan = lab.segment()
  const on = (n: number) => ({ eth0: { segment: lan, addresses: [`192.0.2.${n}/24`] } })
  return { ours: lab.host('ours', on(11)), theirs: lab.host('theirs', on(12)) }
}

async function measure(
  lab: Lab,
  { configuration, checkers }: Case,
): Promise<Record<'ours' | 'theirs', readonly Memory[]>> {
  const { ours, theirs } = hostsIn(lab)
  const daemon = await ours.holdfastd(configuration)
  await ours.holds(ADDRESS)
  const mine = await settled(() => daemon.pids())
  await daemon.stop()
  await ours.releases(ADDRESS)
  const whole = checkers && hasIpvs()
  const peer = await theirs.keepalived(configuration, whole ? [] : ['--vrrp'])
  await theirs.holds(ADDRESS)
  return { ours: mine, theirs: await settled(() => peer.pids()) }
}

function hasIpvs(): boolean {
  try {
    readFileSync('/proc/net/ip_vs')
    return true
  } catch {
    return false
  }
}

const resident = (of: readonly Memory[]): number => of.reduce((sum, { own, shared }) => sum + own + shared, 0)
const once = (of: readonly Memory[]): number =>
  of.reduce((sum, { own }) => sum + own, 0) + Math.max(0, ...of.map(({ shared }) => shared))

const megabytes = (kilobytes: number): string => (kilobytes / 1024).toFixed(1)
const row = (configuration: string, processes: string, first: string, second: string): void =>
  void process.stdout.write(
    `${configuration.padEnd(20)}${processes.padEnd(24)}${first.padStart(12)} ${second.padStart(8)}\n`,
  )

row('configuration', 'processes', 'resident MB', 'once MB')
for (const one of cases) {
  const lab = openLab()
  try {
    const { ours, theirs } = await measure(lab, one)
    for (const memory of ours) row(one.name, `  ${memory.name}`, megabytes(resident([memory])), megabytes(memory.own))
    row(one.name, 'Holdfast', megabytes(resident(ours)), megabytes(once(ours)))
    const peer = one.checkers && !hasIpvs() ? 'keepalived (vrrp only)' : 'keepalived'
    row(one.name, peer, megabytes(resident(theirs)), megabytes(once(theirs)))
    const ratio = (of: typeof resident) => (of(ours) / of(theirs)).toFixed(1)
    row(one.name, 'ratio', ratio(resident), ratio(once))
  } catch (error) {
    process.stderr.write(`${lab.logs()}\n`)
    throw error
  } finally {
    lab.close()
  }
}
process.exit(0)
