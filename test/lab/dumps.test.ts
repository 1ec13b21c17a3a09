/** What exporters read: keepalived's dumps beside ours, of one configuration in one state. */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { instance } from './configurations.ts'
import { lab } from './lab-test.ts'
import { type Host, type Segment, until } from './library/index.ts'
import { repositoryRoot } from './library/root.ts'
import { routes, rules } from './routing-lines.ts'

const configuration = (directory: string) => `
global_defs {
  router_id alpha
  vrrp_higher_prio_send_advert false
  script_user root
}
track_file load {
  file ${directory}/load
  weight -3 reverse
}
bfd_instance gateway {
  neighbor_ip 192.0.2.99
  source_ip 192.0.2.11
  weight 7
}
vrrp_track_process worker {
  process "nosuchworker"
  weight 5 reverse
}
vrrp_script chk {
  script "/usr/bin/true one 'two words'"
  interval 1
  weight 4 reverse
}
vrrp_script bad {
  script "/usr/bin/false"
  interval 1
  timeout 3
  rise 2
}
vrrp_instance VI_1 {
  state MASTER
  interface eth0
  virtual_router_id 51
  priority 150
  advert_int 1
  authentication {
    auth_type PASS
    auth_pass secret42
  }
  track_script {
    chk
    bad weight -9
  }
  track_interface {
    eth1 weight 2
  }
  virtual_ipaddress {
    192.0.2.100/24 brd +
    192.0.2.101/32
    192.0.2.103 peer 192.0.2.104
  }
  virtual_ipaddress_excluded {
    192.0.2.102/24 label eth0:x no_track
  }
  virtual_routes {
    ${theirRoutes.join('\n    ')}
  }
  virtual_rules {
    ${rules.trim()}
  }
  track_bfd {
    gateway weight -3
  }
  notify_master "/usr/bin/true entered"
  notify_backup "/usr/bin/true backup"
  notify_fault "/usr/bin/true fault"
  notify_stop "/usr/bin/true stop"
  notify_deleted "/usr/bin/true deleted"
  notify_master_rx_lower_pri "/usr/bin/true lower"
  notify "/usr/bin/true any"
  notify_priority_changes
}
vrrp_instance VI_2 {
  interface eth0
  virtual_router_id 52
  priority 100
  version 3
  nopreempt
  track_file {
    load weight 2
  }
  virtual_ipaddress {
    192.0.2.110/24
  }
}
vrrp_instance VMAC {
  interface eth0
  use_vmac
  virtual_router_id 53
  version 3
  no_accept
  track_process {
    worker
  }
  virtual_ipaddress {
    192.0.2.120/24
  }
}
vrrp_instance SIX {
  interface eth0
  use_vmac six
  vmac_xmit_base
  virtual_router_id 54
  version 3
  down_timer_adverts 4
  garp_master_refresh 60
  garp_lower_prio_repeat 9
  lower_prio_no_advert
  higher_prio_send_advert
  virtual_ipaddress {
    fe80::54
    2001:db8::110/64
    2001:db8::112/128 no_track
    2001:db8::113/64 home -nodad preferred_lft 77
  }
}
vrrp_instance PEERS {
  interface eth0
  virtual_router_id 55
  preempt_delay 12
  unicast_src_ip 192.0.2.11
  unicast_peer {
    192.0.2.98
    192.0.2.99 min_ttl 5 max_ttl 66
  }
  unicast_ttl 7
  virtual_ipaddress {
    192.0.2.130/24
  }
}
vrrp_instance SEALED {
  interface eth0
  virtual_router_id 56
  authentication {
    auth_type AH
    auth_pass secret42
  }
  promote_secondaries
  dont_track_primary
  skip_check_adv_addr
  virtual_ipaddress {
    192.0.2.140/24
  }
}
vrrp_instance DOWN {
  interface eth2
  virtual_router_id 57
  virtual_ipaddress {
    198.51.100.7/24
  }
}
vrrp_instance WITH_DOWN {
  interface eth0
  virtual_router_id 58
  virtual_ipaddress {
    192.0.2.150/24
  }
}
vrrp_instance FOLLOWS {
  interface eth0
  virtual_router_id 59
  virtual_ipaddress {
    192.0.2.160/24
  }
}
vrrp_sync_group G1 {
  group {
    VI_1
    VI_2
  }
  sync_group_tracking_weight
  track_interface {
    eth1
  }
  notify_master "/usr/bin/true group"
  notify "/usr/bin/true group"
}
vrrp_sync_group G2 {
  group {
    DOWN
    WITH_DOWN
  }
}
`
/** Its JSON cuts a route at 255 bytes, and one word runs into the next. */
const theirRoutes = routes
  .trim()
  .split('\n')
  .map((line) => line.replaceAll(/ (?:congctl lock reno|window 5000|reordering 5|hoplimit 9|cwnd 10|advmss 1300)/g, ''))

const files = ['keepalived.data', 'keepalived.stats', 'keepalived.json'] as const
type Dumps = Readonly<Record<(typeof files)[number], string>>

async function dumps(host: Host, pid: number): Promise<Dumps> {
  for (const name of files) rmSync(join(host.directory, name), { force: true })
  for (const signal of ['USR1', 'USR2', '36']) await host.exec('kill', `-${signal}`, String(pid))
  const text = (name: string) =>
    existsSync(join(host.directory, name)) ? readFileSync(join(host.directory, name), 'utf8') : ''
  const whole = async (name: (typeof files)[number]) =>
    until(`${host.name} has written ${name}`, () => {
      const found = text(name)
      return found !== '' && (name !== 'keepalived.json' || found.trimEnd().endsWith(']')) ? found : undefined
    })
  // It is written last: then the others are whole as well.
  const json = await whole('keepalived.json')
  return {
    'keepalived.data': await whole('keepalived.data'),
    'keepalived.stats': await whole('keepalived.stats'),
    'keepalived.json': json,
  }
}

/** Its scripts have run, and its virtual router behind another has heard that one. */
const isSettled = (data: string): boolean =>
  data.includes('Master priority = 254') &&
  data.includes('Effective priority = 134') &&
  (data.match(/Init state = unknown/g) ?? []).length === 2

/** The sections of a data file: title, then lines. */
function sections(data: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  let lines: string[] = []
  for (const line of data.split('\n')) {
    const [, title] = /^------< (.*) >------$/.exec(line) ?? []
    if (title === undefined) lines.push(line)
    else if (found.has(title)) lines = []
    else {
      lines = []
      found.set(title, lines)
    }
  }
  return found
}

/** Lines of what only the moment or keepalived's own inside tell. */
const momentary = /^ {3}(?:Last transition|fd_in|State = (?:idle|running)|Flags:| {2}Using unicast)/
const facts = (lines: readonly string[] = [], { directory }: Host) =>
  lines
    .filter((line) => !momentary.test(line))
    .map((line) => line.replace(/(?:, ifindex \d+| \[.*\])$/, ''))
    // A rule's "from all" is a network to it.
    .map((line) => line.replace('from 0.0.0.0/0 ', 'from all '))
    .map((line) => line.replace(/^( {3}Read timeout = )\d.*/, '$1then'))
    .map((line) => line.replace(directory, '').replace('secret42', '********'))
    .map((line) => (/Using src_ip = fe80/.test(line) ? 'link-local' : line))

const titles = [
  'VRRP Topology',
  'VRRP Sync groups',
  'VRRP Scripts',
  'VRRP Track files',
  'VRRP Track processes',
  'VRRP Track BFDs',
]

/** Keys in their order, and the type of what they hold. */
const shape = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(shape)
    : typeof value === 'object' && value !== null
      ? Object.entries(value).map(([key, child]) => [key, shape(child)])
      : typeof value

lab('data, statistics and JSON have what exporters read, as keepalived writes it', async (lab) => {
  const segments = [lab.segment('one'), lab.segment('two')]
  const [theirs, ours] = ['keepalived', 'holdfast'].map((name, i) => {
    const host = lab.host(name, {
      eth0: { segment: segments[i]!, addresses: ['192.0.2.11/24', '2001:db8::11/64'] },
      eth1: { segment: lab.segment(`${name}-1`), addresses: ['10.9.9.1/24'] },
      eth2: { segment: lab.segment(`${name}-2`), addresses: ['198.51.100.11/24'] },
    })
    host.linkDown('eth2')
    host.file('load', '3\n')
    return host
  }) as [Host, Host]
  // Whom FOLLOWS follows.
  const [first, second] = segments as [Segment, Segment]
  const rival = lab.host('rival', {
    eth0: { segment: first, addresses: ['192.0.2.12/24'] },
    eth1: { segment: second, addresses: ['192.0.2.12/24'] },
  })
  const follows = (id: number) => instance({ priority: 254, virtualRouterId: id, addresses: ['192.0.2.160/24'] })
  await rival.keepalived(`${follows(59)}${follows(59).replace('VI_59', 'VI_1').replace('eth0', 'eth1')}`)
  await rival.holds('192.0.2.160')
  const file = {
    theirs: theirs.file('k.conf', configuration(theirs.directory)),
    ours: ours.file('h.conf', configuration(ours.directory)),
  }
  const keepalived = theirs.spawn(
    'keepalived',
    [
      'keepalived',
      '-n',
      '-l',
      '-G',
      '--vrrp',
      '-f',
      file.theirs,
      ...['-p', '-r', '-c'].flatMap((word, i) => [word, join(theirs.directory, `${i}.pid`)]),
    ],
    { ...process.env, TMPDIR: theirs.directory },
  )
  const holdfast = ours.spawn(
    'holdfastd',
    [
      process.execPath,
      join(repositoryRoot, 'bin/holdfastd'),
      '-n',
      '-P',
      '-f',
      file.ours,
      '--run-dir',
      join(ours.directory, 'run'),
    ],
    { ...process.env, TMPDIR: ours.directory },
  )
  for (const host of [theirs, ours])
    for (const last of ['100', '110', '120', '130', '140']) await host.holds(`192.0.2.${last}`)
  for (const host of [theirs, ours]) await host.holds('2001:db8::110')

  const settled = (host: Host, pid: number) =>
    until(`${host.name} has settled`, async () => {
      const found = await dumps(host, pid)
      return isSettled(found['keepalived.data']) ? found : undefined
    })
  const [reference, own] = [await settled(theirs, keepalived.pid), await settled(ours, holdfast.pid)]
  const [expected, data] = [sections(reference['keepalived.data']), sections(own['keepalived.data'])]
  for (const title of titles) expect(facts(data.get(title), ours), title).toEqual(facts(expected.get(title), theirs))
  expect(own['keepalived.data']).not.toContain('secret42')

  // Of keepalived 2.4 there are lines and keys about auth_hmac as well.
  const newer = /^ {2}Authentication Extension Errors:\n(?: {4}.*\n){6}/gm
  const numbers = (text: string) => text.replaceAll(/: \d+$/gm, ': n')
  expect(numbers(own['keepalived.stats']).replaceAll(newer, '')).toBe(numbers(reference['keepalived.stats']))

  type Instance = { readonly data: Record<string, unknown>; readonly stats: Record<string, unknown> }
  const parsed = [reference, own].map((one) => JSON.parse(one['keepalived.json']) as Instance[])
  const [known = [], made = []] = parsed.map((instances) =>
    instances.map(({ data: of, stats }) => ({
      data: of,
      stats: Object.fromEntries(Object.entries(stats).filter(([key]) => !key.startsWith('auth_ext_'))),
    })),
  )
  // And which processes are tracked.
  const steady = ({ data: { last_transition: _, auth_data: __, track_process: ___, ...rest } }: Instance) => rest
  const texts = (one: unknown) => JSON.stringify(one).replaceAll('from 0.0.0.0/0 ', 'from all ')
  const comparable = (instances: typeof made) => instances.map((one) => JSON.parse(texts(steady(one))) as unknown)
  expect(comparable(made)).toEqual(comparable(known))
  expect(shape(made.map(({ stats }) => stats))).toEqual(shape(known.map(({ stats }) => stats)))
  expect(shape(made.map(steady))).toEqual(shape(known.map(steady)))
})
