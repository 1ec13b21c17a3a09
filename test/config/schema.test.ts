import { describe, expect, test } from 'vitest'
import { languageSchema, loadConfiguration } from '../../src/config/index.ts'
import { containers, keywordsIn } from '../../src/config/keywords/index.ts'
import type { Schema } from '../../src/config/schema/index.ts'
import { memoryFiles, told } from './files.ts'

const YAML = '/etc/keepalived/keepalived.yaml'
const toldOf = (text: string) =>
  told(loadConfiguration(memoryFiles({ [YAML]: text }), YAML, { configId: 'alpha', hostName: 'alpha' }))

const schema = languageSchema()
const blockOf = (container: string): Schema | undefined =>
  container === 'root' ? schema : schema.$defs?.[container.replaceAll('/', '.')]

/** Every schema inside one, itself included. */
function* within(one: Schema): Generator<Schema> {
  yield one
  const inner = [
    ...(one.anyOf ?? []),
    ...(one.items === undefined ? [] : [one.items]),
    ...(one.additionalProperties === undefined || one.additionalProperties === false ? [] : [one.additionalProperties]),
    ...Object.values({ ...one.properties, ...one.$defs }),
  ]
  for (const schema of inner) yield* within(schema)
}

describe('the schema', () => {
  test('has every position of the table, and nothing else', () => {
    for (const container of containers)
      expect([container, Object.keys(blockOf(container)?.properties ?? {})]).toEqual([
        container,
        keywordsIn(container).map(({ name }) => name),
      ])
  })

  test('is JSON, and each of its references leads somewhere', () => {
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema)
    const references = [...within(schema)].flatMap(({ $ref }) => $ref ?? [])
    expect(references.length).toBeGreaterThan(25)
    for (const one of references) expect(schema.$defs).toHaveProperty([one.replace('#/$defs/', '')])
  })

  test('has the bounds of the table', () => {
    expect(blockOf('vrrp_instance')?.properties?.['priority']).toMatchObject({
      type: ['integer', 'string', 'array'],
      minimum: 1,
      maximum: 255,
      items: { type: ['integer', 'string'], minimum: 1, maximum: 255 },
    })
    expect(blockOf('virtual_server')?.properties?.['nb_get_retry']).toBeUndefined()
    expect(blockOf('vrrp_instance')?.properties?.['vmac_garp_intvl']).toMatchObject({ deprecated: true })
  })
})

const router = (line: string) => `vrrp_instance:
  A:
    interface: eth0
    virtual_router_id: 1
    virtual_ipaddress: [192.0.2.1]
    ${line}
`
describe('a file is held against it', () => {
  test.each([
    ['priority: 0', '6:15 error value: priority 0 is not a whole number from 1 to 255; the line has no effect'],
    ['priority: 1.5', '6:15 error value: priority 1.5 is not a whole number from 1 to 255; the line has no effect'],
    ['priority: many', '6:15 error value: priority many is not a whole number from 1 to 255; the line has no effect'],
    [
      'priority: [100, true]',
      '6:21 error value: priority true is not a whole number from 1 to 255; the line has no effect',
    ],
    ['priority:', '6:5 error missing-argument: priority needs a whole number from 1 to 255; the line has no effect'],
    ['advert_int: {}', '6:17 error syntax: a text or a number is expected here'],
    ['preempt_delay: -1', '6:20 error value: preempt_delay -1 is not a number from 0 to 1000; the line has no effect'],
    ['state: SLAVE', '6:12 error value: state SLAVE is not one of MASTER, BACKUP; the line has no effect'],
    ['nopreempt: maybe', '6:16 error value: nopreempt maybe is not true or false; the line has no effect'],
    ['smtp_alert: 1', /^6:17 error value: smtp_alert 1 is not one of true, false, /],
    ['authentication: PASS', '6:21 error syntax: a mapping from keywords to their values is expected here'],
    ['track_interface: {eth1: 5}', '6:22 error syntax: a text or a number is expected here'],
  ])('%s', (line, expected) => {
    const all = toldOf(router(line))
    expect(all).toEqual([typeof expected === 'string' ? expected : expect.stringMatching(expected)])
  })

  test.each([
    'priority: "100"',
    'priority: [100]',
    'advert_int: 2.0',
    'nopreempt: false',
    'smtp_alert: no',
    'smtp_alert:',
    'state: MASTER',
    'track_interface: eth1',
    'authentication:',
  ])('%s is fine', (line) => {
    expect(toldOf(router(line)).filter((one) => one.includes('error'))).toEqual([])
  })

  test('a protocol may be written in any case', () => {
    const text = (protocol: string) =>
      `virtual_server: {192.0.2.1 80: {protocol: ${protocol}, lb_algo: rr, lb_kind: NAT, real_server: {10.0.0.1 80: {}}}}\n`
    expect(['TCP', 'tcp', 'sctp'].map((one) => toldOf(text(one)))).toEqual([[], [], []])
    expect(toldOf(text('icmp'))).toContain(
      '1:43 error value: protocol icmp is not one of TCP, UDP, SCTP; the line has no effect',
    )
  })

  test('an unknown key keeps its suggestion, and is told once', () => {
    expect(toldOf(router('prority: 5'))).toEqual([
      '6:5 warning unknown-keyword: unknown keyword prority in vrrp_instance',
    ])
  })

  test('a list that holds itself is passed over', () => {
    expect(toldOf('global_defs: &a [*a]\n').length).toBeGreaterThan(0)
  })
})
