/** `real_server dns` and `srv`: what is read of them, and the servers that come of a template and an answer. */
import { expect, test } from 'vitest'
import { address, seconds } from '../../src/base/index.ts'
import { print } from '../../src/config/index.ts'
import { type ListedServer, withListed } from '../../src/model/index.ts'
import { load, server, told } from './files.ts'

const listed = (last: number, more: Partial<ListedServer> = {}): ListedServer => ({
  address: address(`198.51.100.${last}`),
  hostName: 'web.test',
  ...more,
})

test('a name is small, without the dot at its end, and of the family of its virtual server', () => {
  const { value, told } = server(
    'real_server dns Web.Example.COM. 8080 {\nweight 5\n}\nreal_server srv _http._tcp.test {\n}',
  )
  expect(told).toEqual([])
  const common = { family: 4, minTtl: seconds(5), maxTtl: seconds(300), nxdomain: 'keep' }
  expect(value.serverSources).toMatchObject([
    { kind: 'dns', name: 'web.example.com', ...common, template: { address: '0.0.0.0', port: 8080, weight: 5 } },
    { kind: 'srv', name: '_http._tcp.test', ...common, template: { port: 80 } },
  ])
  const six = server('real_server dns web.test {\nttl_min 1\nttl_max 2.5\nnxdomain remove\n}', '', '2001:db8::100 80')
  expect(six.value.serverSources).toMatchObject([
    { family: 6, minTtl: seconds(1), maxTtl: seconds(2.5), nxdomain: 'remove', template: { address: '::' } },
  ])
})

const refused: readonly (readonly [head: string, complaint: RegExp])[] = [
  ['dns', /needs a name/],
  ['dns web..test', /'?web\.\.test'? is no name of the DNS/],
  [`dns ${'a'.repeat(64)}.test`, /is no name of the DNS/],
  [`dns ${Array(64).fill('abc').join('.')}`, /is no name of the DNS/],
  ['srv 192.0.2.1', /is an address, not a name/],
  ['dns web.test 99999', /is not a whole number from 0 to 65535/],
]
for (const [head, complaint] of refused)
  test(`real_server ${head.slice(0, 24)} is refused`, () => {
    const { value, told } = server(`real_server ${head} {\n}\nreal_server 198.51.100.1 80 {\n}`)
    expect(told).toEqual([expect.stringMatching(complaint)])
    expect(value).not.toHaveProperty('serverSources')
  })

const remarked: readonly (readonly [block: string, complaint: RegExp])[] = [
  ['srv _http._tcp.test 80 {\n}', /one word too many/],
  ['dns web.test {\nttl_min 60\nttl_max 10\n}', /ttl_min 60 is above ttl_max 10; using ttl_min for both/],
  ['dns web.test {\nnxdomain drop\n}', /is neither keep nor remove/],
  ['file /srv/web.yaml {\nttl_min 60\n}', /ttl_min is for real_server dns and srv/],
  ['198.51.100.1 80 {\nnxdomain keep\n}', /nxdomain is for real_server dns and srv/],
]
for (const [block, complaint] of remarked)
  test(`${JSON.stringify(block)} is told of`, () => {
    const { value, told } = server(`real_server ${block}`)
    expect(told.join('\n')).toMatch(complaint)
    expect((value.serverSources ?? []).length + value.realServers.length).toBe(1)
  })

test('where only one bound is written, the other gives way', () => {
  const bounds = (line: string) => server(`real_server dns web.test {\n${line}\n}`).value.serverSources?.[0]
  expect(bounds('ttl_min 600')).toMatchObject({ minTtl: seconds(600), maxTtl: seconds(600) })
  expect(bounds('ttl_max 2')).toMatchObject({ minTtl: seconds(2), maxTtl: seconds(2) })
})

test('a name is there once, also where it is written otherwise; as another kind it is another', () => {
  const { value, told } = server(
    'real_server dns a.test {\n}\nreal_server dns A.test. {\n}\nreal_server srv a.test {\n}',
  )
  expect(told).toEqual(['4:1 error object: real_server dns a.test is there twice; the second is left out'])
  expect(value.serverSources).toHaveLength(2)
})

test('a server has the port and the weight of its record, where it has them, and the name', () => {
  const { value } = server('real_server srv _http._tcp.test {\nweight 5\nTCP_CHECK {\n}\n}')
  const { realServers } = withListed(value, () => [listed(1, { port: 8080, weight: 3 }), listed(2, { port: 8081 })])
  expect(realServers).toMatchObject([
    { port: 8080, weight: 3, hostName: 'web.test', checkers: [{ target: { address: '198.51.100.1', port: 8080 } }] },
    { port: 8081, weight: 5, hostName: 'web.test', checkers: [{ target: { address: '198.51.100.2', port: 8081 } }] },
  ])
})

test('name servers are at most three, and are read back as they are printed', () => {
  const loaded = load(
    'global_defs {\nnameserver 192.0.2.53\nnameserver 2001:db8::53 5353\nnameserver 192.0.2.54\nnameserver 192.0.2.55\nnameserver 192.0.2.56 0\nnameserver ns.test\n}',
  )
  expect(loaded.model.global.nameServers).toEqual([
    { address: '192.0.2.53', port: 53 },
    { address: '2001:db8::53', port: 5353 },
    { address: '192.0.2.54', port: 53 },
  ])
  expect(told(loaded)).toEqual([
    expect.stringMatching(/^5:\d+ error value: there are 3 of nameserver already/),
    expect.stringMatching(/^6:\d+ error/),
    expect.stringMatching(/^7:\d+ error/),
  ])
})

test('what is printed reads back to the same', () => {
  const text = `global_defs {\nnameserver 192.0.2.53 5353\n}\nvirtual_server 192.0.2.1 80 {\nprotocol TCP\nlb_algo rr\nlb_kind NAT
real_server dns web.test 8080 {\nttl_min 7\nttl_max 70\nnxdomain remove\nTCP_CHECK {\n}\n}\nreal_server srv _http._tcp.test {\n}\n}`
  const { model } = load(text)
  expect(load(print(model, { secrets: 'shown' })).model).toEqual(model)
})
