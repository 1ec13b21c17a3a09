import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type ConfigPorts,
  exitCodeForTest,
  loadConfiguration,
  type ShowFormat,
  showConfiguration,
} from '../../src/config/index.ts'
import { CONFIG_ID, CORPUS, corpusFiles } from '../corpus/tables.ts'
import { fuzzRuns, fuzzTimeout } from '../fuzz-runs.ts'
import { diskFiles, MAIN, memoryFiles, told } from './files.ts'

const YAML = '/etc/keepalived/keepalived.yaml'
const options = { configId: 'alpha', hostName: 'alpha' }

const load = (text: string | Uint8Array, path = YAML) => loadConfiguration(memoryFiles({ [path]: text }), path, options)

const show = (text: string, format: ShowFormat, path = MAIN) =>
  showConfiguration(memoryFiles({ [path]: text }), path, options, { format, secrets: 'shown' }).text ?? ''

const ROUTER = `vrrp_instance:
  VI_1:
    interface: eth0
    virtual_router_id: 51
    priority: 100
    nopreempt: true
    virtual_ipaddress:
      - 192.0.2.100/24 dev eth1
      - 192.0.2.101
    unicast_peer: [192.0.2.9, 192.0.2.10 min_ttl 255]
    notify: '"/bin/notify a b" root'
`

describe('YAML is the language in other clothes', () => {
  test('lines, flags, lists and named blocks', () => {
    const conf = `vrrp_instance VI_1 {
interface eth0
virtual_router_id 51
priority 100
nopreempt
virtual_ipaddress {
192.0.2.100/24 dev eth1
192.0.2.101
}
unicast_peer {
192.0.2.9
192.0.2.10 min_ttl 255
}
notify "/bin/notify a b" root
}
`
    const loaded = load(ROUTER)
    expect(told(loaded)).toEqual([])
    expect(loaded.configuration).toEqual(load(conf, MAIN).configuration)
  })

  test('two services of one address are a list, and so are repeated words and blocks', () => {
    const text = `virtual_server:
  192.0.2.1 53:
    - {protocol: UDP, lb_algo: rr, lb_kind: NAT, real_server: {10.0.0.1 53: {}}}
    - protocol: TCP
      lb_algo: rr
      lb_kind: NAT
      real_server:
        10.0.0.1 53:
          HTTP_GET:
            url: [{path: /a, status_code: 200}, {path: /b}]
`
    const loaded = load(text)
    expect(told(loaded)).toEqual([])
    expect(loaded.configuration?.virtualServers.map(({ key }) => key)).toEqual(['udp/192.0.2.1:53', 'tcp/192.0.2.1:53'])
    expect(loaded.configuration?.virtualServers[1]?.realServers[0]?.checkers[0]).toMatchObject({
      requests: [{ path: '/a' }, { path: '/b' }],
    })
  })

  test('JSON is YAML, and $schema is no keyword', () => {
    const text = JSON.stringify({ $schema: 'x', global_defs: { router_id: 'one' } })
    const loaded = load(text, '/etc/keepalived.json')
    expect(told(loaded)).toEqual([])
    expect(loaded.configuration?.global.routerId).toBe('one')
  })

  test('anchors are followed', () => {
    const text = `${ROUTER}  VI_2: &two\n    interface: eth2\n    virtual_router_id: 52\n    virtual_ipaddress: &list [192.0.2.3]\n  VI_3:\n    interface: eth3\n    virtual_router_id: 53\n    virtual_ipaddress: *list\n`
    const names = load(text).configuration?.virtualRouters.map(({ name, addresses }) => `${name} ${addresses.length}`)
    expect(names).toEqual(['VI_1 2', 'VI_2 1', 'VI_3 1'])
  })
})

describe('complaints stand at their place in the YAML', () => {
  test.each([
    [
      'a value',
      ROUTER.replace('priority: 100', 'priority: 300'),
      '5:15 error value: priority 300 is not a whole number from 1 to 255; the line has no effect',
    ],
    [
      'a quoted value',
      ROUTER.replace('priority: 100', 'priority: "300"'),
      '5:16 error value: priority 300 is not a whole number from 1 to 255; the line has no effect',
    ],
    ['a word of a line', ROUTER.replace('- 192.0.2.101', '- 192.0.2.101 wibble'), /^9:21 .*wibble/],
    [
      'an unknown keyword',
      ROUTER.replace('priority', 'prority'),
      '5:5 warning unknown-keyword: unknown keyword prority in vrrp_instance',
    ],
    [
      'a list where a block belongs',
      'vrrp_instance: [VI_1]\n',
      '1:16 error syntax: vrrp_instance is a mapping from names or addresses to blocks',
    ],
    [
      'a text where a block belongs',
      'global_defs: wibble\n',
      '1:14 error syntax: a mapping from keywords to their values is expected here',
    ],
    ['a brace in a value', 'global_defs: {router_id: "a {"}\n', '1:26 error syntax: "{" cannot stand in a value'],
    [
      'a comment sign in a value',
      "global_defs: {router_id: 'a#b'}\n",
      '1:26 error syntax: "#" cannot stand in a value',
    ],
    [
      'a line end in a value',
      'global_defs: {router_id: "a\\nb"}\n',
      '1:26 error syntax: "\\n" cannot stand in a value',
    ],
    ['a key that is no word', '"a b": 1\n', '1:1 error syntax: this is no word of the language'],
    ['the same key twice', 'global_defs: {}\nglobal_defs: {}\n', /^2:1 error syntax: Map keys must be unique/],
    ['no YAML', 'a: [\nb: c\n', /^2:1 error syntax: Flow sequence/],
  ])('%s', (_, text, expected) => {
    const first = told(load(text))[0]
    if (typeof expected === 'string') expect(first).toBe(expected)
    else expect(first).toMatch(expected)
  })

  test('a comment sign inside double quotes is text', () => {
    expect(load(`global_defs: {router_id: '"a#b"'}\n`).configuration?.global.routerId).toBe('a#b')
  })

  test('what is no YAML starts nothing, and a test of it ends with 4', () => {
    const loaded = load('a: [')
    expect([loaded.configuration, exitCodeForTest(loaded)]).toEqual([undefined, 4])
  })
})

describe('there and back', () => {
  for (const name of readdirSync('conf-examples').filter((file) => file.endsWith('.conf')))
    test(`conf-examples/${name} means the same as YAML and as JSON`, () => {
      const text = readFileSync(`conf-examples/${name}`, 'utf8')
      const model = load(text, MAIN).configuration
      for (const [format, path] of [
        ['yaml', YAML],
        ['json', '/a.json'],
        ['conf', MAIN],
      ] as const) {
        const other = show(text, format)
        expect(load(other, path).configuration, other).toEqual(model)
        expect(load(show(other, 'conf', path), MAIN).configuration).toEqual(model)
      }
    })
})

describe('there and back, for every file of the corpus', () => {
  for (const name of corpusFiles)
    test(`${name} means the same as YAML and again as keepalived.conf`, () => {
      const as = (format: ShowFormat, from: ConfigPorts, path: string) =>
        showConfiguration(from, path, { configId: CONFIG_ID, hostName: 'alpha' }, { format, secrets: 'shown' })
      const first = as('yaml', diskFiles, `${CORPUS}/${name}`)
      if (first.text === undefined) return expect(first.configuration).toBeUndefined()
      // The files that values name are still there.
      const beside = (path: string, text: string): ConfigPorts => {
        const one = memoryFiles({ [path]: text })
        return { ...diskFiles, read: (other) => (other === path ? one.read(other) : diskFiles.read(other)) }
      }
      const back = as('conf', beside(YAML, first.text), YAML)
      expect(back.configuration, first.text).toEqual(first.configuration)
      const again = loadConfiguration(beside(MAIN, back.text ?? ''), MAIN, options)
      expect(again.configuration, back.text).toEqual(first.configuration)
    })
})

describe('implied lines are marked', () => {
  const text =
    'vrrp_instance A {\ninterface eth0\nvirtual_router_id 5\nadvert_int 1\nvirtual_ipaddress {\n192.0.2.1\n}\n}\n'
  test('in a keepalived.conf', () => {
    expect(show(text, 'conf')).toMatch(/ {4}advert_int 1\n/)
    expect(show(text, 'conf')).toMatch(/ {4}version 2 {2}# implied\n/)
  })
  test('in YAML', () => {
    expect(show(text, 'yaml')).toMatch(/ {4}advert_int: 1\n/)
    expect(show(text, 'yaml')).toMatch(/ {4}version: 2 # implied\n/)
  })
  test('in JSON by pointers', () => {
    const { $implied } = JSON.parse(show(text, 'json'))
    expect($implied).toContain('/vrrp_instance/A/version')
    expect($implied).not.toContain('/vrrp_instance/A/advert_int')
  })
})

describe('hostile files', () => {
  test('aliases that multiply end at a bound, and are told', () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) =>
        `l${i}: &l${i} {virtual_server: [${Array(12)
          .fill(i === 0 ? '{}' : `*l${i - 1}`)
          .join(', ')}]}`,
    )
    const began = process.cpuUsage().user
    const loaded = load(`${levels.join('\n')}\nvirtual_server:\n  192.0.2.1 80: *l11\n`)
    expect(loaded.diagnostics.length).toBeLessThanOrEqual(1000)
    expect(process.cpuUsage().user - began).toBeLessThan(20_000_000)
  })

  test('only what aliases make is bounded', { timeout: 60_000 }, () => {
    const list = Array(132_000).fill('a').join(', ')
    const loaded = load(`global_defs:\n  notification_email: [${list}]\n`)
    expect(loaded.configuration?.global.mail.recipients).toHaveLength(132_000)
    expect(told(loaded)).toEqual([])
  })

  test('an alias to itself does not go round for ever', () => {
    expect(told(load('vrrp_instance: &a\n  A: *a\n')).length).toBeGreaterThan(0)
  })

  test('deep nesting is told', () => {
    const deep = `${'{a: '.repeat(200)}1${'}'.repeat(200)}`
    expect(told(load(deep)).length).toBeGreaterThan(0)
  })

  const scrap = fc.constantFrom(
    'vrrp_instance',
    'virtual_server',
    'A',
    ': ',
    '\n',
    '  ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    ',',
    '&a ',
    '*a',
    '"',
    "'",
    '#',
    '|',
    '>',
    '1',
    '!!binary ',
    '?',
    '\t',
    '%',
    '---\n',
  )
  test('nothing throws, whatever the bytes', { timeout: fuzzTimeout(60_000) }, () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(scrap, { maxLength: 40 }).map((parts) => parts.join('')),
          fc.uint8Array({ maxLength: 200 }),
        ),
        (bytes) => {
          expect(Array.isArray(load(bytes).diagnostics)).toBe(true)
        },
      ),
      fuzzRuns(300),
    )
  })
})

describe('words that are hard to write', () => {
  const checks = (lines: string) => `virtual_server:
  192.0.2.1 80:
    protocol: TCP
    lb_algo: rr
    lb_kind: NAT
    real_server:
      192.0.2.2 80:
${lines.replaceAll(/^/gm, '        ')}
`
  const regex = (text: string) => checks(`HTTP_GET:\n  url: { path: /, regex: ${JSON.stringify(text)} }`)
  const checkersIn = (text: string) => load(text).configuration?.virtualServers[0]?.realServers[0]?.checkers
  const patternIn = (text: string) => {
    const [checker] = checkersIn(text) ?? []
    return checker?.kind === 'http' ? checker.requests[0]?.pattern?.source : undefined
  }

  const patterns: readonly (readonly [written: string, means: string])[] = [
    ['a{2}', 'a{2}'],
    ['{', '{'],
    ['a"b', 'a"b'],
    ['say "hi" {2}', 'say "hi" {2}'],
    ['say "hi"', 'say "hi"'],
    ['all is fine', 'all is fine'],
    ['"all is" fine', '"all is" fine'],
    ["it's", "it's"],
    ['a # b!', 'a # b!'],
    // In double quotes and without, escapes are read as in keepalived.conf.
    ['\\\\d{2}', '\\d{2}'],
    ['"\\\\d{2}"', '\\d{2}'],
    ['"a{2}"', 'a{2}'],
  ]
  for (const [written, means] of patterns)
    test(`a regex is what it is, braces and quotes included: ${written}`, () => {
      const text = regex(written)
      expect(told(load(text))).toEqual([])
      expect(patternIn(text)).toBe(means)
      for (const format of ['yaml', 'json', 'conf'] as const) {
        const path = format === 'conf' ? MAIN : `/etc/keepalived/keepalived.${format}`
        const again = load(show(text, format, YAML), path)
        expect(told(again)).toEqual([])
        expect(again.configuration?.virtualServers).toEqual(load(text).configuration?.virtualServers)
      }
    })

  test('a regex that cannot be one leaves no weaker check behind', () => {
    const [checker] = checkersIn(regex('a\nb')) ?? []
    expect(checker).toHaveProperty('fault', 'regex has 0 arguments and not one')
    const again = checkersIn(show(regex('a\nb'), 'yaml', YAML))
    expect(again?.[0]).toHaveProperty('fault')
  })

  test('hexadecimal digits need not be two a byte', () => {
    const text = checks('UDP_CHECK:\n  payload: 1 2 345\n  require_reply: 1x 3')
    expect(told(load(text))).toEqual([])
    expect(checkersIn(text)).toMatchObject([{ payload: '01023405', reply: { pattern: '1x03' } }])
    expect(checkersIn(show(text, 'yaml', YAML))).toEqual(checkersIn(text))
  })
})
