import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { explain, referencePage, supportTable } from '../../src/config/index.ts'
import { allFacts, containers, keywordAt, keywordsIn } from '../../src/config/keywords/index.ts'
import { optionPlaces } from '../../src/config/reference/places.ts'

const positions = containers.flatMap((container) => keywordsIn(container).map(({ name }) => `${container} ${name}`))
const described = allFacts.flatMap((facts) => facts.in.flatMap((at) => facts.names.map((name) => `${at} ${name}`)))

test('no position stands in the table twice', () => {
  expect(described.filter((position, index) => described.indexOf(position) !== index)).toEqual([])
})

test('only a flag takes nothing, and a block takes a block', () => {
  for (const container of containers)
    for (const { name, content, facts } of keywordsIn(container)) {
      expect([name, facts.takes.includes('{')]).toEqual([name, content !== 'line'])
      expect([name, facts.takes]).not.toEqual([name, ''])
    }
})

test('docs/keywords.md is what `holdfast config reference` writes', () => {
  expect(readFileSync(join(import.meta.dirname, '../../docs/keywords.md'), 'utf8')).toBe(referencePage())
})

test('the table in docs/configuration.md is what `holdfast config reference --support` writes', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8')
  expect(page).toContain(`\n${supportTable()}\n`)
})

describe('explain', () => {
  test('a word with its block', () => {
    expect(explain('virtual_server.quorum')).toEqual({
      found: true,
      text: `quorum N
    weight sum of living servers needed
    in:       virtual_server
    default:  1
    range:    1–4294967295; at most the sum of all weights
    since:    keepalived 1.2.2 or before
`,
    })
  })

  test('a word that means the same in several blocks is told once, another apart', () => {
    const { text } = explain('track_file')
    expect(text.match(/^track_file /gm)).toHaveLength(4)
    // In keepalived's checkers, and in those of ours.
    expect(explain('bindto').text.match(/^bindto /gm)).toHaveLength(2)
    expect(explain('real_server.TCP_CHECK.bindto').text).toContain('in:       virtual_server.real_server.TCP_CHECK\n')
  })

  test('a block lists what it holds', () => {
    expect(explain('authentication').text).toContain('holds:    auth_pass auth_type\n')
  })

  test('a word within a line, with what the line belongs to', () => {
    expect(explain('virtual_ipaddress.scope')).toEqual({
      found: true,
      text: `scope SCOPE
    how far it is valid
    in:       vrrp_instance.virtual_ipaddress
    default:  global
    range:    0–255; a number or a name; IPv4 only
`,
    })
    expect(explain('encap.ttl').text).toContain('in:       static_routes.encap, static_routes.nexthop.encap, ')
    expect(explain('virtual_rules').text).toContain('options:  table lookup goto nop ')
  })

  test('each word within a line has an answer', () => {
    for (const { path, name } of optionPlaces) expect(explain([...path, name].join('.')).found).toBe(true)
  })

  test('a word of ours says so', () => {
    expect(explain('toa').text).toContain('since:    a word of Holdfast\n')
  })

  test.each([
    ['quroum', 'there is no keyword quroum; did you mean quorum?'],
    ['vrrp_instance.quorum', 'quorum does not stand in vrrp_instance, but in vrrp_track_process, virtual_server'],
    ['', 'there is no keyword '],
    ['constructor', 'there is no keyword constructor'],
  ])('%s is answered', (question, answer) => {
    expect(explain(question)).toEqual({ found: false, text: answer })
  })

  test('every word and every position has an answer', () => {
    for (const position of positions) {
      const [container, name] = position.split(' ') as [string, string]
      const asked = container === 'root' ? name : `${container.replaceAll('/', '.')}.${name}`
      expect(explain(asked).found).toBe(true)
    }
    expect(keywordAt('root', 'vrrp_instance')).toBeDefined()
  })
})
