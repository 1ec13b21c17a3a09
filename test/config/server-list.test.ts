/** `real_server file`: the template in the configuration, the list in the file, and the servers that come of both. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { address } from '../../src/base/index.ts'
import { MOST_LISTED, print, serverList } from '../../src/config/index.ts'
import { type ListedServer, type VirtualServer, withListed } from '../../src/model/index.ts'
import { fuzzRuns, fuzzTimeout } from '../fuzz-runs.ts'
import { load, server, told } from './files.ts'

const HTTP = 'HTTP_GET {\nurl {\npath /\n}\n}'
const listed = (value: VirtualServer, ...servers: readonly ListedServer[]) => withListed(value, () => servers)
const of = (text: string, port?: number, weight?: number): ListedServer => ({
  address: address(text),
  ...(port === undefined ? {} : { port }),
  ...(weight === undefined ? {} : { weight }),
})
const short = (value: VirtualServer) =>
  value.realServers.map((real) => `${real.address} ${real.port} ${real.weight} ${targets(real)}`.trim())
const targets = ({ checkers }: VirtualServer['realServers'][number]) =>
  checkers.flatMap((one) => ('target' in one ? [`${one.target.address}:${one.target.port}`] : [])).join(' ')

test('a template is as a real server is, but for its address', () => {
  const { value, told } = server(`quorum 3\nhysteresis 2\nreal_server file /srv/web.yaml 8080 {\nweight 5\n${HTTP}\n}`)
  expect(told).toEqual([])
  expect(value).toMatchObject({ realServers: [], quorum: 3, hysteresis: 2 })
  expect(value.serverSources).toMatchObject([
    { kind: 'file', path: '/srv/web.yaml', template: { address: '0.0.0.0', port: 8080, weight: 5, method: 'nat' } },
  ])
  const both = listed(value, of('198.51.100.1'), of('198.51.100.2', 81, 7))
  expect(short(both)).toEqual(['198.51.100.1 8080 5 198.51.100.1:8080', '198.51.100.2 81 7 198.51.100.2:81'])
  expect(both).not.toHaveProperty('serverSources')
  expect(both).toMatchObject({ quorum: 3, hysteresis: 2 })
})

test('the quorum is within what the listed servers weigh', () => {
  const { value } = server(`quorum 3\nhysteresis 2\nreal_server file /srv/web.yaml {\n}`)
  expect(listed(value, of('198.51.100.1'), of('198.51.100.2'))).toMatchObject({ quorum: 2, hysteresis: 1 })
  expect(listed(value)).toMatchObject({ quorum: 1, hysteresis: 0, realServers: [] })
})

test('what is written comes before what is listed, and another family is left out', () => {
  const { value } = server(
    'real_server 198.51.100.1 80 {\nweight 9\n}\nreal_server file /srv/a.json {\n}\nreal_server file /srv/b.json {\nweight 2\n}',
  )
  expect(short(listed(value, of('198.51.100.1'), of('2001:db8::1'), of('198.51.100.2')))).toEqual([
    '198.51.100.1 80 9',
    '198.51.100.2 80 1',
  ])
  const six = server('real_server file /srv/a.json {\nTCP_CHECK {\n}\n}', '', '2001:db8::100 80').value
  expect(short(listed(six, of('198.51.100.1'), of('2001:db8::1')))).toEqual(['2001:db8::1 80 1 2001:db8::1:80'])
})

test('direct routing keeps the port of the service, and the checker asks that of the list', () => {
  const { value } = server('lb_kind DR\nreal_server file /srv/a.json {\nTCP_CHECK {\n}\n}')
  expect(short(listed(value, of('198.51.100.1', 81)))).toEqual(['198.51.100.1 80 1 198.51.100.1:81'])
})

test('a checker that is told whom to ask asks that', () => {
  const { value } = server(
    'real_server file /srv/a.json 80 {\nTCP_CHECK {\nconnect_ip 198.51.100.99\nconnect_port 9\n}\nTCP_CHECK {\nconnect_port 9\n}\n}',
  )
  expect(short(listed(value, of('198.51.100.1', 81)))).toEqual(['198.51.100.1 81 1 198.51.100.99:9 198.51.100.1:9'])
})

test('misc_dynamic counts from the weight that is listed', () => {
  const { value } = server('real_server file /srv/a.json {\nMISC_CHECK {\nmisc_path /bin/true\nmisc_dynamic\n}\n}')
  expect(listed(value, of('198.51.100.1', undefined, 20)).realServers[0]?.checkers).toMatchObject([{ dynamicFrom: 20 }])
})

test('a template survives being printed', () => {
  const text = `virtual_server 192.0.2.1 80 {\nprotocol TCP\nlb_algo rr\nlb_kind DR\nquorum 4\nreal_server file "/srv/my web.yaml" {\nweight 5\nTCP_CHECK {\nconnect_port 81\n}\n}\n}`
  const { model } = load(text)
  expect(print(model)).toContain('real_server file "/srv/my web.yaml" 80 {')
  expect(load(print(model)).model).toEqual(model)
})

test.each([
  ['file', '2:1 error missing-argument: real_server needs the path of a file; the line has no effect'],
  [
    'file web.yaml',
    '2:18 error value: real_server file web.yaml is not the path of a file from / on; the line has no effect',
  ],
])('real_server %s is refused', (words, message) => {
  expect(server(`real_server ${words} {\n}`).told).toContain(message)
})

test('the same file twice is left out', () => {
  const { value, told } = server('real_server file /srv/a {\n}\nreal_server file /srv/a {\n}')
  expect(value.serverSources).toHaveLength(1)
  expect(told).toEqual(['4:1 error object: real_server file /srv/a is there twice; the second is left out'])
})

test('a track_file that only a template asks for is kept', () => {
  const loaded = load(
    `track_file load {\nfile /srv/load\n}\nvirtual_server 192.0.2.1 80 {\nprotocol TCP\nlb_algo rr\nlb_kind NAT\nreal_server file /srv/a {\nFILE_CHECK {\ntrack_file load\n}\n}\n}`,
  )
  expect(told(loaded)).toEqual([])
  expect(loaded.model.trackFiles).toHaveLength(1)
})

const lists: readonly (readonly [text: string, servers: readonly ListedServer[]])[] = [
  ['[]', []],
  [
    '["198.51.100.1", "198.51.100.2:81", "[2001:db8::1]:82", "2001:db8::2"]',
    [of('198.51.100.1'), of('198.51.100.2', 81), of('2001:db8::1', 82), of('2001:db8::2')],
  ],
  ['[{"address": "198.51.100.1", "port": 81, "weight": 0}]', [of('198.51.100.1', 81, 0)]],
  [
    '# web\n- 198.51.100.1\n- 198.51.100.2:81\n- { address: 2001:db8::1, weight: 3 }\n- 2001:db8::2\n',
    [of('198.51.100.1'), of('198.51.100.2', 81), of('2001:db8::1', undefined, 3), of('2001:db8::2')],
  ],
  ['- 198.51.100.1:80\n- 198.51.100.1:81', [of('198.51.100.1', 80), of('198.51.100.1', 81)]],
]
test.each(lists)('%j lists servers', (text, servers) => {
  expect(serverList(text)).toEqual({ ok: true, value: servers })
})

const refused: readonly (readonly [text: string, place: string, message: string])[] = [
  ['', '1:1', 'it is no list of servers'],
  ['servers:\n- 198.51.100.1', '1:1', 'it is no list of servers'],
  ['- 198.51.100.1\n- web1.example.com', '2:3', "'web1.example.com' is not an IPv4 or IPv6 address"],
  ['- 198.51.100.1\n- 7', '2:3', "'7' is not an IPv4 or IPv6 address"],
  ['- 198.51.100.1:0', '1:3', 'port 0 is not from 1 to 65535'],
  ['- 198.51.100.1:99999', '1:3', 'port 99999 is not from 1 to 65535'],
  ['- fe80::1', '1:3', 'fe80::1 is link-local: it says nothing without an interface'],
  ['- 0.0.0.0', '1:3', '0.0.0.0 cannot be the address of a real server'],
  ['- 224.0.0.1', '1:3', '224.0.0.1 cannot be the address of a real server'],
  ['["192.0.2.1", "ff02::1"]', '1:15', 'ff02::1 cannot be the address of a real server'],
  ['- 255.255.255.255:80', '1:3', '255.255.255.255 cannot be the address of a real server'],
  ['- 192.0.2.1\n---\n- 192.0.2.2', '2:1', 'it is more than one document'],
  ['- {}', '1:3', 'an entry has no address'],
  ['- { address: 198.51.100.1, wieght: 3 }', '1:3', "'wieght' is none of address, port and weight"],
  ['- { address: 198.51.100.1, weight: -1 }', '1:3', "weight '-1' is not a whole number from 0 to 2147483647"],
  ['- { address: 198.51.100.1, port: "80" }', '1:3', "port '80' is not a whole number from 1 to 65535"],
  ['- { address: 198.51.100.1, address: 198.51.100.2 }', '1:3', "'address' is there twice"],
  ['[{ "address": "198.51.100.1", "weight": 1,\n "weight" : 3 }]', '1:2', "'weight' is there twice"],
  ['["198.51.100.1",\n "198.51.100.1"]', '2:2', '198.51.100.1 is there twice'],
  ['- [198.51.100.1]', '1:3', 'an entry is an address, or has address, port and weight'],
  ['- 198.51.100.1\n- 198.51.100.1', '2:3', '198.51.100.1 is there twice'],
  ['- &a 198.51.100.1\n- *a', '2:3', 'an entry is an address, or has address, port and weight'],
]
test.each(refused)('%j is refused as a whole', (text, place, message) => {
  const got = serverList(text)
  expect(got.ok ? got.value : `${got.error.line}:${got.error.column} ${got.error.message}`).toBe(`${place} ${message}`)
})

test('a list that is too long, and a text that is too long, are refused', () => {
  const listing = (many: number) =>
    JSON.stringify(Array.from({ length: many }, (_, i) => `10.0.${i >> 8}.${i & 255}:80`))
  expect(serverList(listing(MOST_LISTED)).ok).toBe(true)
  expect(serverList('- 1\n'.repeat(MOST_LISTED + 1))).toMatchObject({
    error: { message: 'it lists more than 16384 servers' },
  })
  expect(serverList(`#${'x'.repeat(2 << 20)}`)).toMatchObject({
    error: { message: 'it has more than 2097152 characters' },
  })
  expect(serverList('['.repeat(10_000))).toMatchObject({ error: { message: 'it is nested too deep for a list' } })
})

test('no text makes it throw', { timeout: fuzzTimeout(20_000) }, () => {
  const piece = fc.constantFrom(
    '- ',
    '198.51.100.1',
    ':',
    '[',
    ']',
    '{',
    '}',
    ',',
    'address',
    '"',
    '\n',
    ' ',
    '&a',
    '*a',
    '!!x',
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece).map((all) => all.join('')),
  )
  fc.assert(
    fc.property(text, (one) => {
      const got = serverList(one)
      if (!got.ok) expect(got.error.line).toBeGreaterThan(0)
    }),
    fuzzRuns(2_000, 7),
  )
})
