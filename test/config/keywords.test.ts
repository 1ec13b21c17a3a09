import { expect, test } from 'vitest'
import { containers, containersOf, type Keyword, keywordAt, keywordsIn } from '../../src/config/keywords/index.ts'
import { editDistance, nearest } from '../../src/config/nearest.ts'
import { settingNames } from '../../src/model/index.ts'
import { load, told } from './files.ts'

/** Only words of keepalived have a release of it. */
const isOwn = ({ facts }: Keyword): boolean => facts.since === undefined

test('the table has every keyword position of keepalived.conf(5)', () => {
  const all = containers.flatMap((container) => keywordsIn(container)).filter((keyword) => !isOwn(keyword))
  expect({
    positions: all.length,
    words: new Set(all.map((keyword) => keyword.name)).size,
    root: all.filter(({ container }) => container === 'root').length,
    containers: new Set(all.map(({ container }) => container)).size,
  }).toEqual({ positions: 531, words: 363, root: 25, containers: 29 })
})

test('words that keepalived does not have are few, and every setting of forwarding is one', () => {
  const own = containers.flatMap((container) => keywordsIn(container)).filter(isOwn)
  const outside = own.filter(({ container }) => container !== 'lvs_settings').map(({ name }) => name)
  const oursAlone = outside.filter((name) => containersOf(name).every((at) => isOwn(keywordAt(at, name) as Keyword)))
  expect([...new Set(oursAlone)]).toEqual([
    ...[
      'local_address_group',
      'lvs_settings',
      'lvs_sync_catch_up',
      'lvs_sync_key',
      'nameserver',
      'laddr_group_name',
      'panic_threshold',
      'slow_start',
      'toa',
    ],
    ...[
      'GRPC_CHECK',
      'HTTP2_GET',
      'nxdomain',
      'ttl_max',
      'ttl_min',
      'service',
      'tls',
      'tls_hostname',
      'tls_pin',
      'tls_verify',
      'tls_versions',
    ],
    ...['expect_header', 'expect_json', 'tls_alpn'],
  ])
  expect(own.filter(({ container }) => container === 'lvs_settings').map(({ name }) => name)).toEqual(
    [
      'connection_table_size',
      'service_table_size',
      'destination_table_size',
      'interfaces',
      'xdp',
      ...settingNames,
    ].sort(),
  )
  expect(own.every(({ support }) => support === 'supported')).toBe(true)
})

test('what follows a keyword is known from the table', () => {
  expect(keywordAt('root', 'vrrp_instance')?.content).toBe('block')
  expect(keywordAt('vrrp_instance', 'virtual_ipaddress')?.content).toBe('lines')
  expect(keywordAt('global_defs', 'notification_email')?.content).toBe('words')
  expect(keywordAt('garp_group', 'interfaces')?.content).toBe('words')
  expect(keywordAt('lvs_settings', 'interfaces')?.content).toBe('line')
  expect(keywordAt('vrrp_instance', 'track_file')?.content).toBe('lines')
  expect(keywordAt('root', 'track_file')?.content).toBe('block')
  expect(keywordAt('virtual_server/real_server/FILE_CHECK', 'track_file')?.content).toBe('line')
  expect(containersOf('virtual_router_id')).toEqual(['vrrp_instance'])
})

const unknown: readonly (readonly [claim: string, text: string, said: string, remedy: string | undefined])[] = [
  [
    'the nearest word of the same block',
    'vrrp_instance A {\nprority 1\n}',
    'unknown keyword prority in vrrp_instance',
    'did you mean priority?',
  ],
  [
    'two swapped letters',
    'global_defs {\nruoter_id 1\n}',
    'unknown keyword ruoter_id in global_defs',
    'did you mean router_id?',
  ],
  [
    'another case',
    'virtual_server 1.2.3.4 80 {\nLB_ALGO rr\n}',
    'unknown keyword LB_ALGO in virtual_server',
    'did you mean lb_algo?',
  ],
  [
    'a word of another block',
    'vrrp_instance A {\nlb_algo rr\n}',
    'unknown keyword lb_algo in vrrp_instance',
    'lb_algo belongs inside virtual_server',
  ],
  [
    'a word of the top level',
    'global_defs {\nchild_wait_time 3\n}',
    'unknown keyword child_wait_time in global_defs',
    'child_wait_time belongs at the top level',
  ],
  [
    "a virtual router's word in global_defs",
    'global_defs {\ngarp_master_delay 3\n}',
    'unknown keyword garp_master_delay in global_defs',
    'did you mean vrrp_garp_master_delay?',
  ],
  [
    'nothing like it',
    'wibble {\npriority\n}',
    'unknown keyword wibble at the top level; its block is left out',
    undefined,
  ],
]
for (const [claim, text, said, remedy] of unknown)
  test(`an unknown word is answered with ${claim}`, () => {
    const one = load(text).diagnostics.find((found) => found.kind === 'unknown-keyword' || found.kind === 'syntax')
    expect([one?.severity, one?.message, one?.remedy]).toEqual(['warning', said, remedy])
  })

const misplaced: readonly (readonly [claim: string, text: string, said: readonly string[]])[] = [
  ['a block without {', 'vrrp_instance A\n', ['1:1 error syntax: vrrp_instance has no block']],
  [
    'a block where none belongs is read as if the braces were not there',
    'global_defs {\nrouter_id x {\nlvs_flush\n}\n}',
    ['2:13 error syntax: unexpected {: router_id takes no block'],
  ],
  [
    'a quote left open costs its line',
    'global_defs {\nrouter_id "x\nlvs_flush\n}',
    ['2:11 error syntax: quote is not closed on its line'],
  ],
  ['a } too many', 'global_defs {\n}\n}', ['3:1 error syntax: extra }: no block is open here']],
  ['a { without keyword', '{\nglobal_defs {\n}\n}', ['1:1 error syntax: unexpected {: there is no keyword before it']],
  [
    'a block left open',
    'global_defs {\nlvs_flush',
    ['1:13 error syntax: missing }: the block opened here is never closed'],
  ],
]
for (const [claim, text, said] of misplaced)
  test(`braces and quotes: ${claim}`, () => {
    expect(told(load(text))).toEqual(said)
  })

test('a forgotten } costs its own block, not what follows', () => {
  const router = (name: string, id: number) =>
    `vrrp_instance ${name} {\ninterface eth0\nvirtual_router_id ${id}\nvirtual_ipaddress {\n192.0.2.${id}\n}\n}\n`
  const broken = router('B', 2).replace('\n}\n}', '\n}')
  const loaded = load(router('A', 1) + broken + router('C', 3) + router('D', 4))
  expect(loaded.model.virtualRouters.map((one) => one.name)).toEqual(['A', 'B', 'C', 'D'])
  expect(told(loaded)).toEqual(['14:1 error syntax: missing } before vrrp_instance'])
  expect(loaded.diagnostics[0]?.related.map((one) => one.line)).toEqual([8])
})

test('a forgotten } inside a list is found too', () => {
  const loaded = load(`vrrp_instance A {
interface eth0
virtual_router_id 1
virtual_ipaddress {
192.0.2.1
vrrp_instance B {
interface eth0
virtual_router_id 2
virtual_ipaddress { 192.0.2.2 }
}`)
  expect(loaded.model.virtualRouters.map((one) => one.name)).toEqual(['A', 'B'])
  expect(told(loaded)).toEqual(['6:1 error syntax: missing } before vrrp_instance'])
})

const service = (servers: string) => `virtual_server 192.0.2.1 80 {\nlb_algo rr\nlb_kind NAT\nprotocol TCP\n${servers}`
const checked = (host: number, end = '}') =>
  `real_server 10.0.0.${host} 80 {\nTCP_CHECK {\nconnect_timeout 3\n}\n${end}\n`
const forgotten: readonly (readonly [where: string, text: string, complaint: string, related: readonly number[]])[] = [
  [
    'of a real server',
    service(`${checked(1, '')}${checked(2)}}\n`),
    '10:1 error syntax: missing } before real_server',
    [5],
  ],
  [
    'of a real server, with another virtual server behind it',
    service(`${checked(1, '')}${checked(2)}}\n${service(checked(3)).replace('192.0.2.1', '192.0.2.2')}}\n`),
    '10:1 error syntax: missing } before real_server',
    [5],
  ],
  [
    'of a checker',
    service(`real_server 10.0.0.1 80 {\nTCP_CHECK {\nconnect_timeout 3\nweight 2\n}\n${checked(2)}}\n`),
    '8:1 error syntax: missing } before weight',
    [6],
  ],
  [
    'of a checker and its real server',
    service(`real_server 10.0.0.1 80 {\nTCP_CHECK {\nconnect_timeout 3\n${checked(2)}}\n`),
    '8:1 error syntax: missing } before real_server',
    [5, 6],
  ],
]
for (const [where, text, complaint, related] of forgotten)
  test(`a forgotten } ${where} costs nothing`, () => {
    const loaded = load(text)
    expect(told(loaded)).toEqual([complaint])
    expect(loaded.diagnostics[0]?.related.map(({ line }) => line)).toEqual(related)
    expect(
      loaded.model.virtualServers[0]?.realServers.map(({ address, checkers }) => [address, checkers.length]),
    ).toEqual([
      ['10.0.0.1', 1],
      ['10.0.0.2', 1],
    ])
  })

test('a forgotten } of a list shows by the keyword behind it', () => {
  const text =
    'vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n192.0.2.1\npriority 90\ntrack_interface {\neth1\n}\n}\n'
  const loaded = load(text)
  expect(told(loaded)).toEqual(['6:1 error syntax: missing } before priority'])
  expect(loaded.model.virtualRouters).toMatchObject([{ priority: 90, tracks: [{ name: 'eth1' }] }])
})

test('a word in the wrong block is no forgotten } where none is missing', () => {
  expect(told(load(service(`${checked(1, checked(2))}}\n}\n`)))).toEqual([
    '9:1 warning unknown-keyword: unknown keyword real_server in real_server; its block is left out',
  ])
})

test('distance counts a swap of neighbours as one', () => {
  expect([
    editDistance('abc', 'acb'),
    editDistance('abc', 'abcd'),
    editDistance('abc', ''),
    editDistance('a', 'b'),
  ]).toEqual([1, 1, 3, 1])
  expect(nearest('x'.repeat(1000), ['x'])).toBeUndefined()
})
