import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { compareConfigurations, pairRules } from '../../src/config/index.ts'
import { memoryFiles } from './files.ts'

const ONE = '/one.conf'
const OTHER = '/other.conf'

function compare(one: string, other: string) {
  const at = (path: string, hostName: string) => ({ path, options: { configId: 'x', hostName } })
  return compareConfigurations(memoryFiles({ [ONE]: one, [OTHER]: other }), at(ONE, 'alpha'), at(OTHER, 'beta'))
}

const said = (one: string, other: string) =>
  compare(one, other).differences.map(
    ({ rule, severity, file, line, related }) =>
      `${severity} ${rule} ${file}:${line}${related.map((place) => ` ${place.file}:${place.line}`).join('')}`,
  )

const MASTER = `global_defs {
router_id alpha
}
vrrp_instance VI_1 {
state MASTER
interface eth0
virtual_router_id 51
priority 150
advert_int 1
unicast_src_ip 192.0.2.11
unicast_peer {
192.0.2.12
}
authentication {
auth_type PASS
auth_pass secret
}
virtual_ipaddress {
192.0.2.100/24
}
}
virtual_server 192.0.2.100 80 {
lb_algo rr
lb_kind NAT
real_server 10.0.0.1 80 {
weight 2
}
}
`
const BACKUP = MASTER.replace('router_id alpha', 'router_id beta')
  .replace('state MASTER', 'state BACKUP')
  .replace('priority 150', 'priority 100')
  .replace('src_ip 192.0.2.11', 'src_ip 192.0.2.12')
  .replace('{\n192.0.2.12', '{\n192.0.2.11')

test('a pair is a pair, both ways round', () => {
  expect(said(MASTER, BACKUP)).toEqual([])
  expect(said(BACKUP, MASTER)).toEqual([])
})

const V3 = (text: string) =>
  text.replace('advert_int 1\n', 'advert_int 1\nversion 3\n').replace(/authentication \{[^}]*\}\n/, '')

const tracking = (weight: number) => (text: string) =>
  text.replace('interface eth0\n', `interface eth0\ntrack_interface {\neth1 weight ${weight}\n}\n`)

const cases: readonly (readonly [
  claim: string,
  change: (backup: string) => string,
  expected: readonly string[],
  one?: string,
])[] = [
  [
    'the same router_id',
    (t) => t.replace('router_id beta', 'router_id alpha'),
    [`warning pair-router-id ${ONE}:2 ${OTHER}:2`],
  ],
  [
    'another id',
    (t) => t.replace('id 51', 'id 52'),
    [`error pair-router-missing ${ONE}:7 ${OTHER}:1`, `error pair-router-missing ${OTHER}:7 ${ONE}:1`],
  ],
  ['another name of the instance is fine', (t) => t.replace('VI_1', 'WEB'), []],
  [
    'another interval in version 2',
    (t) => t.replace('advert_int 1', 'advert_int 2'),
    [`error pair-interval ${ONE}:9 ${OTHER}:9`],
  ],
  [
    'another interval in version 3',
    (t) => V3(t).replace('advert_int 1', 'advert_int 2'),
    [`warning pair-interval ${ONE}:9 ${OTHER}:9`],
    V3(MASTER),
  ],
  [
    'another version',
    (t) => V3(t),
    [`error pair-version ${ONE}:4 ${OTHER}:10`, `error pair-authentication ${ONE}:14 ${OTHER}:4`],
  ],
  ['another password', (t) => t.replace('secret', 'geheim'), [`error pair-authentication ${ONE}:14 ${OTHER}:14`]],
  ['another prefix length', (t) => t.replace('100/24', '100/25'), [`error pair-addresses ${ONE}:18 ${OTHER}:18`]],
  [
    'a missing address',
    (t) => t.replace('100/24\n', '100/24\n192.0.2.101/24\n'),
    [`error pair-addresses ${ONE}:18 ${OTHER}:18`],
  ],
  [
    'multicast against unicast',
    (t) => t.replace(/unicast_peer \{[^}]*\}\n/, ''),
    [`error pair-unicast ${ONE}:11 ${OTHER}:4`],
  ],
  [
    'a peer that is somebody else',
    (t) => t.replace('{\n192.0.2.11', '{\n192.0.2.13'),
    [`error pair-peers ${ONE}:11 ${OTHER}:11`],
  ],
  [
    'the same priority',
    (t) => t.replace('priority 100', 'priority 150'),
    [`warning pair-priority ${ONE}:8 ${OTHER}:8`],
  ],
  ['MASTER twice', (t) => t.replace('state BACKUP', 'state MASTER'), [`warning pair-state ${ONE}:5 ${OTHER}:5`]],
  ['a weight that moves nothing', (t) => t, [`warning pair-weight ${ONE}:7 ${OTHER}:4`], tracking(-49)(MASTER)],
  ['a weight that moves it', (t) => t, [], tracking(-51)(MASTER)],
  [
    'a service on one only',
    (t) => t.slice(0, t.indexOf('virtual_server')),
    [`warning pair-service-missing ${ONE}:22 ${OTHER}:1`],
  ],
  [
    'another scheduler',
    (t) => t.replace('lb_algo rr', 'lb_algo wlc'),
    [`warning pair-service-settings ${ONE}:23 ${OTHER}:23`],
  ],
  [
    'another real server',
    (t) => t.replace('10.0.0.1', '10.0.0.2'),
    [`warning pair-real-servers ${ONE}:25 ${OTHER}:25`],
  ],
  ['another weight', (t) => t.replace('weight 2', 'weight 3'), [`warning pair-real-servers ${ONE}:25 ${OTHER}:25`]],
]

describe('what does not agree', () => {
  for (const [claim, change, expected, one = MASTER] of cases)
    test(claim, () => {
      expect(said(one, change(BACKUP))).toEqual(expected)
    })
})

const KEY = 'ab'.repeat(32)
const hmac = (lines: string) => (text: string) =>
  V3(text).replace('virtual_ipaddress', `auth_hmac {\n${lines}\n}\nvirtual_ipaddress`)

test.each([
  ['the same keys', `key 1 hex:${KEY}\nactive_key 1`, `key 1 hex:${KEY}\nactive_key 1`, 0],
  ['another key of the same id', `key 1 hex:${KEY}\nactive_key 1`, `key 1 hex:${'cd'.repeat(32)}\nactive_key 1`, 1],
  [
    'an active key that is not known',
    `key 1 hex:${KEY}\nkey 2 hex:${KEY}\nactive_key 2`,
    `key 1 hex:${KEY}\nactive_key 1`,
    1,
  ],
])('auth_hmac: %s', (_, mine, theirs, count) => {
  const found = compare(hmac(mine)(MASTER), hmac(theirs)(BACKUP)).differences
  expect(found.map(({ rule }) => rule)).toEqual(Array(count).fill('pair-authentication'))
  expect(JSON.stringify(found)).not.toMatch(/abab|cdcd/)
})

test('a password is never said', () => {
  expect(JSON.stringify(compare(MASTER, BACKUP.replace('secret', 'geheim')).differences)).not.toMatch(/secret|geheim/)
})

test('a file that is not there is its own complaint, and nothing is compared', () => {
  const ports = memoryFiles({ [ONE]: MASTER })
  const options = { configId: 'x' }
  const { second, differences } = compareConfigurations(ports, { path: ONE, options }, { path: OTHER, options })
  expect(differences).toEqual([])
  expect(second.diagnostics.map(({ kind }) => kind)).toEqual(['no-configuration'])
})

test.each([
  ['2 over a gap of 50', 50, 2, 2, ['warning pair-weight']],
  ['50 over a gap of 50: an equal one is left alone', 50, 50, 50, ['warning pair-weight']],
  ['51 over a gap of 50', 50, 51, 51, []],
  ['51 here, and the other file does not track it', 50, 51, 0, ['warning pair-weight']],
])('a positive weight of %s', (_, gap, here, there, expected) => {
  const file = (priority: number, weight: number) =>
    `vrrp_instance A {\ninterface eth0\nvirtual_router_id 5\npriority ${priority}\nvirtual_ipaddress {\n192.0.2.1\n}\n` +
    `${weight === 0 ? '' : `track_interface {\neth1 weight ${weight}\n}\n`}}\n`
  const found = said(file(150, here), file(150 - gap, there))
  expect(found.map((one) => one.split(' ').slice(0, 2).join(' '))).toEqual(expected)
})

test('a rule is switched off by its name', () => {
  const at = (path: string, hostName: string) => ({ path, options: { configId: 'x', hostName } })
  const ports = memoryFiles({ [ONE]: 'vrrp_version 3\n', [OTHER]: '' })
  const found = (without: readonly string[]) =>
    compareConfigurations(ports, at(ONE, 'alpha'), at(OTHER, 'alpha'), without).differences.map(({ rule }) => rule)
  expect([found([]), found(['pair-router-id'])]).toEqual([['pair-router-id'], []])
})

test('docs/configuration.md has every rule in the same words, and each is one that is told', () => {
  const read = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8')
  const told = ['index.ts', 'routers.ts', 'services.ts'].flatMap((name) =>
    [...read(`src/config/compare/${name}`).matchAll(/'(pair-[\w-]+)'/g)].map(([, rule]) => rule),
  )
  expect(pairRules.map(({ name }) => name).sort()).toEqual([...new Set(told)].sort())
  const rows = read('docs/configuration.md').split('\n')
  for (const { name, finds, why } of pairRules)
    expect(
      rows.filter((row) => row.startsWith(`| \`${name}\` |`) && row.endsWith(`| ${finds} | ${why} |`)),
    ).toHaveLength(1)
})
