import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { IpAddress } from '../../src/base/index.ts'
import { type ConfigPorts, lintConfiguration, lintRules, renderSarif } from '../../src/config/index.ts'
import { MAIN, memoryFiles } from './files.ts'

const options = { configId: 'alpha', hostName: 'alpha' }

function lint(text: string, without: readonly string[] = [], ports: Partial<ConfigPorts> = {}) {
  return lintConfiguration({ ...memoryFiles({ [MAIN]: text }), ...ports }, MAIN, options, without)
}

const found = (text: string, ports: Partial<ConfigPorts> = {}) =>
  lint(text, [], ports).diagnostics.map(({ rule, line }) => `${rule ?? '-'} ${line}`)

const router = (lines: string, name = 'A', id = 5, address = '192.0.2.1') =>
  `vrrp_instance ${name} {\ninterface eth0\nvirtual_router_id ${id}\npriority 100\nvirtual_ipaddress {\n${address}\n}\n${lines}\n}\n`

const checker = 'TCP_CHECK {\nconnect_timeout 2\n}'
const server = (inside = checker, address = '10.0.0.1 80') => `real_server ${address} {\n${inside}\n}\n`
const service = (servers: string, lines = 'lb_algo rr\nlb_kind NAT') =>
  `virtual_server 192.0.2.1 80 {\nprotocol TCP\ndelay_loop 6\n${lines}\n${servers}}\n`
const two = server() + server(checker, '10.0.0.2 80')

const SECURE = 'global_defs {\nscript_user nobody\nenable_script_security\n}\n'

/** What finds each rule, and the nearest thing that does not. */
const cases: Readonly<Record<string, { bad: string; good: string; ports?: Partial<ConfigPorts> }>> = {
  'unbalanced-braces': { bad: `${router('').slice(0, -2)}${router('', 'B', 6, '192.0.2.2')}`, good: router('') },
  'script-not-executable': {
    bad: `global_defs {\nscript_user nobody\nenable_script_security\n}\n${router('notify /bin/there')}`,
    good: `global_defs {\nscript_user nobody\nenable_script_security\n}\n${router('')}`,
    ports: { isExecutable: () => false },
  },
  'script-security': {
    bad: `global_defs {\nscript_user nobody\n}\n${router('notify /bin/there')}`,
    good: `global_defs {\nscript_user nobody\nenable_script_security\n}\n${router('notify /bin/there')}`,
    ports: { isExecutable: () => true },
  },
  'script-user': {
    bad: `global_defs {\nscript_user nobdy\nenable_script_security\n}\n${router('notify /bin/there')}`,
    good: `${SECURE}${router('notify "/bin/there x" nobody nogroup')}`,
    ports: {
      isExecutable: () => true,
      accountFault: (user) => (user === 'nobody' ? undefined : `${user}: no such user`),
    },
  },
  'script-without-path': {
    bad: `global_defs {\nscript_user nobody\n}\n${router('notify there')}`,
    good: `global_defs {\nscript_user nobody\n}\n${router('notify /bin/there')}`,
  },
  'script-as-root': {
    bad: router('notify /bin/there'),
    good: `global_defs {\nscript_user nobody\n}\n${router('notify /bin/there')}`,
  },
  'slow-script': {
    bad: `${SECURE}vrrp_script S {\nscript /bin/true\ninterval 2\ntimeout 3\n}\n${router('track_script {\nS\n}')}`,
    good: `${SECURE}vrrp_script S {\nscript /bin/true\ninterval 2\ntimeout 2\n}\n${router('track_script {\nS\n}')}`,
  },
  'word-twice': { bad: router('priority 90'), good: router('priority 100') },
  'extra-words': { bad: router('nopreempt yes'), good: router('nopreempt\ngarp_master_delay 5') },
  'source-is-virtual': {
    bad: router('unicast_src_ip 192.0.2.8\nunicast_peer {\n192.0.2.1\n}'),
    good: router('unicast_src_ip 192.0.2.8\nunicast_peer {\n192.0.2.9\n}'),
  },
  'network-address': {
    bad: router('', 'A', 5, '192.0.2.255/24'),
    good: router('', 'A', 5, '192.0.2.255/23'),
  },
  'real-server-is-virtual': {
    bad: service(server() + server(checker, '192.0.2.1 8080')),
    good: service(two),
  },
  'auth-pass-length': {
    bad: router('authentication {\nauth_type PASS\nauth_pass ninechars\n}'),
    good: router('authentication {\nauth_type PASS\nauth_pass eightcha\n}'),
  },
  'duplicate-virtual-router-id': {
    bad: router('') + router('', 'B', 5, '192.0.2.2'),
    good: router('') + router('', 'B', 6, '192.0.2.2'),
  },
  'nopreempt-with-master': { bad: router('state MASTER\nnopreempt'), good: router('state BACKUP\nnopreempt') },
  'virtual-address-twice': { bad: router('') + router('', 'B', 6), good: router('') + router('', 'B', 6, '192.0.2.2') },
  'strict-unpingable': {
    bad: router('version 3\nstrict_mode on'),
    good: router('version 3\nstrict_mode on\naccept'),
  },
  'half-unicast': {
    bad: router('unicast_peer {\n192.0.2.9\n}'),
    good: router('unicast_src_ip 192.0.2.8\nunicast_peer {\n192.0.2.9\n}'),
  },
  'sync-group-weight': {
    bad: `${router('track_interface {\neth1 weight 5\n}')}${router('', 'B', 6, '192.0.2.2')}vrrp_sync_group G {\ngroup {\nA\nB\n}\n}\n`,
    good: `${router('track_interface {\neth1 weight 5\n}')}${router('', 'B', 6, '192.0.2.2')}vrrp_sync_group G {\ngroup {\nA\nB\n}\nsync_group_tracking_weight\n}\n`,
  },
  'sync-group-single': {
    bad: `${router('')}vrrp_sync_group G {\ngroup {\nA\n}\n}\n`,
    good: `${router('')}${router('', 'B', 6, '192.0.2.2')}vrrp_sync_group G {\ngroup {\nA\nB\n}\n}\n`,
  },
  'service-not-on-virtual-address': {
    bad: router('', 'A', 5, '192.0.2.2') + service(two),
    good: router('') + service(two),
  },
  'port-mapping': {
    bad: service(server() + server(checker, '10.0.0.2 8080'), 'lb_algo rr\nlb_kind DR'),
    good: service(server() + server(checker, '10.0.0.2 8080')),
  },
  'quorum-too-high': {
    bad: service(two, 'lb_algo rr\nlb_kind NAT\nquorum 3'),
    good: service(two, 'lb_algo rr\nlb_kind NAT\nquorum 2'),
  },
  'without-checker': { bad: service(server() + server('weight 1', '10.0.0.2 80')), good: service(two) },
  'weight-zero': { bad: service(two + server(`weight 0\n${checker}`, '10.0.0.3 80')), good: service(two) },
  'single-real-server': { bad: service(server()), good: service(`${server()}sorry_server 10.0.0.9 80\n`) },
  'slow-check': {
    bad: service(server() + server('TCP_CHECK {\nconnect_timeout 7\n}', '10.0.0.2 80')),
    good: service(server() + server('TCP_CHECK {\nconnect_timeout 6\n}', '10.0.0.2 80')),
  },
  'sorry-server-twice': {
    bad: service(`${two}sorry_server 10.0.0.2 80\n`),
    good: service(`${two}sorry_server 10.0.0.2 8080\n`),
  },
  'config-id-unnamed': {
    bad: `${router('@^lb1 nopreempt')}@lb2\t# alone\n`,
    good: router('@alpha nopreempt\n@lb2 priority 90'),
  },
  'never-used': {
    bad: `${SECURE}vrrp_script S {\nscript /bin/true\n}\n${router('')}`,
    good: `${SECURE}vrrp_script S {\nscript /bin/true\n}\n${router('track_script {\nS\n}')}`,
  },
  'mail-goes-nowhere': {
    bad: `${router('smtp_alert')}global_defs {\nnotification_email {\nops@example.com\n}\n}\n`,
    good: `${router('smtp_alert')}global_defs {\nnotification_email {\nops@example.com\n}\nsmtp_server 192.0.2.25\n}\n`,
  },
  'script-without-shell': {
    bad: `${SECURE}${router('notify "/bin/ps ax | grep x"')}`,
    good: `${SECURE}${router(`notify "/bin/sh -c 'ps ax | grep x; true' a&b"`)}`,
  },
  'address-off-network': {
    bad: router('', 'A', 5, '198.51.100.1'),
    good: router('', 'A', 5, '192.0.2.1\n198.51.100.1/24\n203.0.113.1/32 dev lo\n203.0.113.2 dev eth1'),
    ports: {
      networks: () => [
        { interface: 'lo', address: '127.0.0.1' as IpAddress, prefixLength: 8 },
        { interface: 'eth0', address: '192.0.2.9' as IpAddress, prefixLength: 24 },
        { interface: 'eth0', address: 'fe80::9' as IpAddress, prefixLength: 64 },
      ],
    },
  },
  'source-without-peers': {
    bad: router('unicast_src_ip 192.0.2.8'),
    good: router('mcast_src_ip 192.0.2.8'),
  },
  'own-peer': {
    bad: router('unicast_src_ip 192.0.2.8\nunicast_peer {\n192.0.2.8\n192.0.2.9\n}'),
    good: router('unicast_src_ip 192.0.2.8\nunicast_peer {\n192.0.2.9\n}'),
  },
  'sync-group-preemption': {
    bad: `${router('nopreempt')}${router('', 'B', 6, '192.0.2.2')}vrrp_sync_group G {\ngroup {\nA\nB\n}\n}\n`,
    good: `${router('nopreempt')}${router('nopreempt', 'B', 6, '192.0.2.2')}vrrp_sync_group G {\ngroup {\nA\nB\n}\n}\n`,
  },
  'nopreempt-with-weight': {
    bad: router('nopreempt\ntrack_interface {\neth1 weight 5\n}'),
    good: router('nopreempt\ntrack_interface {\neth1\n}'),
  },
  'weight-without-effect': {
    bad: service(server() + server(`weight 2\n${checker}`, '10.0.0.2 80')),
    good: service(server() + server(`weight 2\n${checker}`, '10.0.0.2 80'), 'lb_algo wrr\nlb_kind NAT'),
  },
  'slow-start-without-effect': {
    bad: service(two, 'lb_algo rr\nlb_kind NAT\nslow_start 30'),
    good: service(two, 'lb_algo wrr\nlb_kind NAT\nweight 20\nslow_start 30'),
  },
}

test('every rule has a case', () => {
  expect(Object.keys(cases).sort()).toEqual(lintRules.map(({ name }) => name).sort())
})

for (const [name, { bad, good, ports = {} }] of Object.entries(cases))
  describe(name, () => {
    test('is found', () => {
      const { diagnostics } = lint(bad, [], ports)
      expect(diagnostics.map(({ rule }) => rule)).toContain(name)
    })
    test('is not found where it is not', () => {
      expect(found(good, ports)).toEqual([])
    })
    test('is found alone', () => {
      expect(new Set(found(bad, ports).map((one) => one.split(' ')[0]))).toEqual(new Set([name]))
    })
  })

describe('switching off', () => {
  const bad = service(server())
  test('by name, for a run', () => {
    expect(lint(bad, ['single-real-server']).diagnostics).toEqual([])
  })
  test.each([
    ['behind the line', bad.replace('80 {', '80 { # lint: off single-real-server'), []],
    ['on the line before', `! lint: off weight-zero, single-real-server\n${bad}`, []],
    ['not by the name of another', `# lint: off weight-zero\n${bad}`, ['single-real-server 2']],
    [
      'not from behind another line',
      `global_defs {\n} # lint: off single-real-server\n${bad}`,
      ['single-real-server 3'],
    ],
  ])('by a comment %s', (_, text, left) => {
    expect(found(text)).toEqual(left)
  })
  test('an error by name, and by no comment', () => {
    const name = 'duplicate-virtual-router-id'
    const { bad: text } = cases[name] as { bad: string }
    expect(lint(text, [name]).diagnostics).toEqual([])
    const commented = text.replaceAll('virtual_router_id 5', `virtual_router_id 5 # lint: off ${name}`)
    expect(lint(commented).diagnostics.map(({ rule }) => rule)).toEqual([name])
  })
})

test('docs/configuration.md has every rule in the same words', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8')
  for (const { name, finds, why } of lintRules) expect(text).toContain(`| \`${name}\` | ${finds} | ${why} |`)
})

test('SARIF names rule, place and related place', () => {
  const { bad } = cases['duplicate-virtual-router-id'] as { bad: string }
  const log = JSON.parse(renderSarif(lint(bad).diagnostics, { version: '1.2.3', rules: lintRules }))
  expect(log).toMatchObject({ version: '2.1.0', runs: [{ tool: { driver: { name: 'holdfast', version: '1.2.3' } } }] })
  expect(log.runs[0].tool.driver.rules).toHaveLength(lintRules.length)
  expect(log.runs[0].results).toEqual([
    {
      ruleId: 'duplicate-virtual-router-id',
      level: 'error',
      message: { text: expect.stringMatching(/^virtual_router_id 5 is used twice .* \(give it another id\)$/) },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: `file://${MAIN}` },
            region: { startLine: 12, startColumn: 1, endColumn: 20 },
          },
        },
      ],
      relatedLocations: [
        {
          id: 1,
          physicalLocation: { artifactLocation: { uri: `file://${MAIN}` }, region: { startLine: 3, startColumn: 1 } },
          message: { text: 'first used here, by vrrp_instance A' },
        },
      ],
    },
  ])
})

test('SARIF has the path of a file as a URI', () => {
  const [one] = lint('wibble').diagnostics
  const log = JSON.parse(renderSarif([{ ...one!, file: '/etc/a b#1?/ä.conf' }], { version: '1', rules: [] }))
  const { uri } = log.runs[0].results[0].locations[0].physicalLocation.artifactLocation
  expect(uri).toBe('file:///etc/a%20b%231%3F/%C3%A4.conf')
  expect(new URL(uri)).toMatchObject({ search: '', hash: '' })
})

const off = (words: string, networks: Parameters<typeof found>[1] = cases['address-off-network']?.ports) =>
  lint(router('', 'A', 5, words), [], networks).diagnostics.map(({ message }) => message)

test('an address in the network of another interface is told so, whatever its prefix', () => {
  expect(
    off('192.0.2.5/24 dev eth1', { networks: () => [network('eth0', '192.0.2.9'), network('eth1', '10.0.0.9')] }),
  ).toEqual(['vrrp_instance A: 192.0.2.5 is in the network of eth0, not of eth1'])
})

test('the network that a virtual address itself has brought is none to be in', () => {
  expect(
    off('198.51.100.5', { networks: () => [network('eth0', '198.51.100.5'), network('eth0', '192.0.2.9')] }),
  ).toEqual(['vrrp_instance A: 198.51.100.5 is in no network of this host'])
})

const network = (on: string, address: string) => ({ interface: on, address: address as IpAddress, prefixLength: 24 })

test.each([
  ['lb_algo lc', 'write wlc'],
  ['lb_algo dh', 'write wrr'],
])('%s without regard of weights: %s', (words, remedy) => {
  const text = service(server() + server(`weight 2\n${checker}`, '10.0.0.2 80'), `${words}\nlb_kind NAT`)
  expect(lint(text).diagnostics.map((one) => `${one.line} ${one.remedy}`)).toEqual([`4 ${remedy}`])
})

test.each([
  ['lb_algo lc', 'weight 20\nslow_start 30', 'write wlc'],
  ['lb_algo wlc', 'slow_start 30', 'write weight 20 or more for each'],
])('%s and %s', (words, more, remedy) => {
  const { diagnostics } = lint(
    service(server(`${more}\n${checker}`) + server(`weight 20\n${checker}`, '10.0.0.2 80'), `${words}\nlb_kind NAT`),
  )
  const [found] = diagnostics.filter(({ rule }) => rule === 'slow-start-without-effect')
  expect(found).toMatchObject({ remedy })
})

test.each([
  ['track_file', 'track_file F {\nfile /tmp/f\n}\n', 'FILE_CHECK {\ntrack_file F\n}'],
  ['bfd_instance', 'bfd_instance F {\nneighbor_ip 192.0.2.8\n}\n', 'BFD_CHECK {\nname F\n}'],
])('a %s that only a checker names is used', (_, block, check) => {
  expect(found(block + service(two)).map((one) => one.split(' ')[0])).toContain('never-used')
  expect(found(block + service(two.replace(checker, check))).join()).not.toContain('never-used')
})
