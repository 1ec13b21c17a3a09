/** Names that real servers come from: when they are asked for, and what is said of them. */
import { expect, test } from 'vitest'
import { address, seconds } from '../../../src/base/index.ts'
import type { ServerName } from '../../../src/model/index.ts'
import { openWorld } from './harness.ts'

const name = (of: string, over: Partial<ServerName> = {}): ServerName => ({
  kind: 'dns',
  name: of,
  family: 4,
  minTtl: seconds(5),
  maxTtl: seconds(300),
  ...over,
})
const servers = [{ address: address('192.0.2.21'), hostName: 'web.test' }]
const world = async (...serverNames: readonly ServerName[]) => {
  const one = openWorld()
  const ask = (...wanted: readonly ServerName[]) => one.configure([], [], [], { serverNames: wanted })
  return { one, ask, start: () => ask(...serverNames) }
}

test('a name is asked for at once, and again whenever its answer has expired', async () => {
  const { one, start } = await world(name('web.test'))
  one.names.set('web.test', { servers, ttl: 60 })
  await start()
  expect(one.said('name-looked-up')).toEqual([
    { type: 'name-looked-up', key: 'dns web.test IPv4', news: { servers, ttl: 60 } },
  ])
  await one.pass(119)
  expect(one.lookups).toEqual(['0 web.test', '60 web.test'])
})

test('a short TTL is prolonged, a long one is not waited for, and after a failure the shorter of the two counts', async () => {
  const { one, start } = await world(name('short.test'), name('long.test', { maxTtl: seconds(8) }), name('none.test'))
  one.names.set('short.test', { servers, ttl: 0 })
  one.names.set('long.test', { servers, ttl: 86_400 })
  await start()
  await one.pass(9)
  expect(one.lookups.slice(3)).toEqual(['5 short.test', '5 none.test', '8 long.test'])
})

test('what does not exist is told apart from what nobody knows', async () => {
  const { one, start } = await world(name('gone.test'), name('lost.test'))
  one.names.set('lost.test', 'unanswered')
  await start()
  expect(one.said('name-looked-up').map(({ news }) => news)).toEqual([
    { problem: 'gone.test: nxdomain', gone: true },
    { problem: 'lost.test: unanswered', gone: false },
  ])
})

test('a reload asks for what is new, and for what is to be asked otherwise; the others keep their time', async () => {
  const { one, ask, start } = await world(name('web.test'), name('old.test'))
  for (const of of ['web.test', 'old.test', 'new.test']) one.names.set(of, { servers, ttl: 60 })
  await start()
  await one.pass(30)
  await ask(name('web.test'), name('new.test'))
  await one.pass(35)
  expect(one.lookups.slice(2)).toEqual(['30 new.test', '60 web.test'])
  await ask(name('web.test', { maxTtl: seconds(9) }), name('new.test'))
  expect(one.lookups.slice(4)).toEqual(['65 web.test'])
})

test('other name servers are asked at once, for all of it', async () => {
  const { one, start } = await world(name('web.test'))
  one.names.set('web.test', { servers, ttl: 60 })
  await start()
  const nameServers = [{ address: address('192.0.2.53'), port: 53 }]
  await one.configure([], [], [], { serverNames: [name('web.test')], nameServers })
  expect(one.lookups).toEqual(['0 web.test', '0 web.test 192.0.2.53:53'])
})

test('a name that nobody answers for keeps nothing from being checked, and few are asked for at a time', async () => {
  const many = Array.from({ length: 20 }, (_, i) => name(`${i}.test`))
  const { one, ask, start } = await world(...many)
  for (const { name: of } of many) one.names.set(of, 'hang')
  await start()
  expect(one.lookups).toHaveLength(16)
  expect(one.said('applied')).toHaveLength(1)
  one.fresh()
  await ask()
  expect(one.said('name-looked-up')).toEqual([])
})

test('the end of the role ends its lookups', async () => {
  const { one, start } = await world(name('web.test'))
  one.names.set('web.test', 'hang')
  await start()
  one.fresh()
  one.send({ type: 'stop', leave: false })
  await one.pass(100)
  expect(one.heard).toEqual([])
  expect(one.closed()).toBe(true)
})
