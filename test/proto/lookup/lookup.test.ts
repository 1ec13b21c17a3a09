import { describe, expect, test } from 'vitest'
import { address, instant, seconds } from '../../../src/base/index.ts'
import { hostsFor, inOrder, isServerAddress, nextLookup, recordsFor } from '../../../src/proto/lookup/index.ts'
import type { DnsRecord } from '../../../src/wire/dns/index.ts'

const a = (name: string, last: number, ttl = 60): DnsRecord => ({
  name,
  ttl,
  type: 'A',
  address: address(`192.0.2.${last}`),
})
const alias = (name: string, target: string, ttl = 60): DnsRecord => ({ name, ttl, type: 'CNAME', target })
const srv = (priority: number, weight: number, target: string, port = 80): DnsRecord => ({
  name: '_http._tcp.test',
  ttl: 60,
  type: 'SRV',
  priority,
  weight,
  port,
  target,
})

describe('the records of a name', () => {
  test('are its own, by way of its aliases, and count as long as the shortest of them', () => {
    const answer = [alias('www', 'web', 20), a('web', 1, 30), a('web', 2, 25), a('elsewhere', 3)]
    expect(recordsFor(answer, 'www', 'A')).toEqual({ records: [answer[1], answer[2]], ttl: 20 })
    expect(recordsFor(answer, 'web', 'A').ttl).toBe(25)
    expect(recordsFor(answer, 'other', 'A').records).toEqual([])
  })
  test('of another type are none', () => expect(recordsFor([a('web', 1)], 'web', 'AAAA').records).toEqual([]))
  test('aliases that lead in a circle, or too far, lead nowhere', () => {
    expect(recordsFor([alias('a', 'b'), alias('b', 'a'), a('c', 1)], 'a', 'A').records).toEqual([])
    const chain = Array.from({ length: 20 }, (_, i) => alias(`${i}`, `${i + 1}`))
    expect(recordsFor([...chain, a('20', 1)], '0', 'A').records).toEqual([])
    expect(recordsFor([...chain, a('20', 1)], '5', 'A').records).toHaveLength(1)
  })
})

describe('the hosts of a service (RFC 2782)', () => {
  const hosts = (...records: readonly DnsRecord[]) => hostsFor(records, '_http._tcp.test')
  test('are those of the lowest priority', () => {
    expect(hosts(srv(20, 1, 'c'), srv(10, 3, 'a', 81), srv(10, 1, 'b')).hosts).toEqual([
      { host: 'a', port: 81, weight: 3 },
      { host: 'b', port: 80, weight: 1 },
    ])
  })
  test('without weights have that of the configuration; weight 0 among others is a very small chance', () => {
    expect(hosts(srv(1, 0, 'a'), srv(1, 0, 'b')).hosts).toEqual([
      { host: 'a', port: 80 },
      { host: 'b', port: 80 },
    ])
    expect(hosts(srv(1, 0, 'a'), srv(1, 50, 'b')).hosts).toMatchObject([{ weight: 1 }, { weight: 50 }])
  })
  test('are decidedly not there where the target is the root', () => {
    expect(hosts(srv(0, 0, '.', 0))).toMatchObject({ hosts: [], absent: true })
    expect(hosts()).toMatchObject({ hosts: [], absent: false })
    expect(hosts(srv(0, 0, '.', 0), srv(1, 0, 'a'))).toMatchObject({ hosts: [{ host: 'a' }], absent: false })
  })
})

test('a server is not this host, not everybody, and not a neighbour of one interface', () => {
  for (const text of ['0.0.0.0', '0.1.2.3', '127.0.0.1', '127.9.9.9', '224.0.0.18', '255.255.255.255'])
    expect([text, isServerAddress(address(text))]).toEqual([text, false])
  for (const text of ['::', '::1', 'fe80::1', 'ff02::1'])
    expect([text, isServerAddress(address(text))]).toEqual([text, false])
  for (const text of ['192.0.2.1', '10.0.0.1', '128.0.0.1', '2001:db8::1', 'fd00::1'])
    expect([text, isServerAddress(address(text))]).toEqual([text, true])
})

test('however an answer is shuffled, it is the same list, and each address and port is there once', () => {
  const one = { address: address('192.0.2.9'), port: 80, weight: 1, hostName: 'a' }
  const list = [one, { ...one, hostName: 'b' }, { ...one, weight: 5 }, { ...one, port: 81 }]
  const last = { address: address('192.0.2.10') }
  expect(inOrder([last, ...list])).toEqual([{ ...one, weight: 5 }, { ...one, port: 81 }, last])
  expect(inOrder([...list.toReversed(), last])).toEqual(inOrder([last, ...list]))
})

test('a name is asked for when its answer has expired, within the bounds; after a failure as soon as may be', () => {
  const bounds = { minTtl: seconds(5), maxTtl: seconds(300) }
  const rows: readonly (readonly [ttl: number | undefined, at: number])[] = [
    [60, 60],
    [0, 5],
    [86_400, 300],
    [undefined, 5],
  ]
  for (const [ttl, at] of rows) expect(nextLookup(bounds, ttl, instant(0))).toBe(seconds(at))
})
