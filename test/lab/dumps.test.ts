/** What exporters read: keepalived's dumps beside ours, of one configuration in one state. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { lab } from './lab-test.ts'
import { type Host, until } from './library/index.ts'
import { repositoryRoot } from './library/root.ts'

const configuration = `
global_defs {
  router_id alpha
  vrrp_higher_prio_send_advert false
  script_user root
}
vrrp_script chk {
  script "/bin/true"
  interval 1
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
  }
  track_interface {
    eth0
  }
  virtual_ipaddress {
    192.0.2.100/24
    192.0.2.101/32
  }
  virtual_ipaddress_excluded {
    192.0.2.102/24 label eth0:x
  }
  notify_master "/bin/true entered"
}
vrrp_instance VI_2 {
  interface eth0
  virtual_router_id 52
  priority 100
  version 3
  nopreempt
  virtual_ipaddress {
    192.0.2.110/24
  }
}
vrrp_sync_group G1 {
  group {
    VI_1
    VI_2
  }
}
`
const files = ['keepalived.data', 'keepalived.stats', 'keepalived.json'] as const
type Dumps = Readonly<Record<(typeof files)[number], string>>

async function dumps(host: Host, pid: number): Promise<Dumps> {
  for (const signal of ['USR1', 'USR2', '36']) await host.exec('kill', `-${signal}`, String(pid))
  const text = (name: string) =>
    existsSync(join(host.directory, name)) ? readFileSync(join(host.directory, name), 'utf8') : ''
  const whole = async (name: (typeof files)[number]) =>
    until(`${host.name} has written ${name}`, () => {
      const found = text(name)
      return found !== '' && (name !== 'keepalived.json' || found.trimEnd().endsWith(']')) ? found : undefined
    })
  return {
    'keepalived.data': await whole('keepalived.data'),
    'keepalived.stats': await whole('keepalived.stats'),
    'keepalived.json': await whole('keepalived.json'),
  }
}

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

/** Key and value of each line that an exporter takes apart, lists with their entries. */
const exported =
  /^ {3}(?:(?:VRRP Version|Sync group|State|Wantstate|Interface|Virtual Router ID|Priority|Effective priority|Advert interval|Preempt|Accept|Gratuitous ARP [a-z ]+|Down timer adverts|Send advert after [a-z ]+|Authentication type|Master down timer|Number of [a-z ]+) = |Virtual IP)|^ {5}| VRRP (?:Instance|Script|Sync Group) = |^ {3}Status = /
const facts = (lines: readonly string[] = []) => lines.filter((line) => exported.test(line))

/** Keys in their order, and the type of what they hold. */
const shape = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(shape)
    : typeof value === 'object' && value !== null
      ? Object.entries(value).map(([key, child]) => [key, shape(child)])
      : typeof value

lab('data, statistics and JSON have what exporters read, as keepalived writes it', async (lab) => {
  const segments = [lab.segment('one'), lab.segment('two')]
  const [theirs, ours] = ['keepalived', 'holdfast'].map((name, i) =>
    lab.host(name, { eth0: { segment: segments[i]!, addresses: ['192.0.2.11/24'] } }),
  ) as [Host, Host]
  const file = { theirs: theirs.file('k.conf', configuration), ours: ours.file('h.conf', configuration) }
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
  for (const host of [theirs, ours]) for (const last of ['100', '110']) await host.holds(`192.0.2.${last}`)

  const [reference, own] = [await dumps(theirs, keepalived.pid), await dumps(ours, holdfast.pid)]
  const [expected, data] = [sections(reference['keepalived.data']), sections(own['keepalived.data'])]
  for (const title of ['VRRP Topology', 'VRRP Sync groups', 'VRRP Scripts'])
    expect(facts(data.get(title))).toEqual(facts(expected.get(title)))
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
  expect(shape(made)).toEqual(shape(known))
  const settled = ({
    data: { last_transition: _, auth_data: __, script_master: ___, track_script: ____, ...rest },
  }: Instance) => rest
  expect(made.map(settled)).toEqual(known.map(settled))
})
