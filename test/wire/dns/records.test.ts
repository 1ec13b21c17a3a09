import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeAnswers, framed, openMessageReader, readName } from '../../../src/wire/dns/index.ts'
import { fuzzRuns } from '../../fuzz-runs.ts'
import { bytes, withByte } from '../bytes.ts'

/** From dnsmasq 2.90: records with a pointer to the question, an alias with one to a name of its own, SRV that are not compressed. */
const addresses = bytes(`a1b2 8580 0001 0002 0000 0000 03776562 0474657374 00 0001 0001
  c00c 0001 0001 0000003c 0004 c0000215
  c00c 0001 0001 0000003c 0004 c0000216`)
const address6 = bytes(`a1b2 8580 0001 0001 0000 0000 0477656236 0474657374 00 001c 0001
  c00c 001c 0001 00000005 0010 20010db8000000000000000000000021`)
const alias = bytes(`a1b2 8580 0001 0002 0000 0000 03777777 0474657374 00 0001 0001
  c00c 0005 0001 0000001e 000a 03776562 0474657374 00
  c026 0001 0001 0000003c 0004 c0000216`)
const services = bytes(`a1b2 8580 0001 0002 0000 0002 055f68747470 045f746370 0474657374 00 0021 0001
  c00c 0021 0001 00000000 0011 000a 0001 1f91 0477656236 0474657374 00
  c00c 0021 0001 00000000 0010 000a 0003 1f90 03776562 0474657374 00
  c034 001c 0001 00000005 0010 20010db8000000000000000000000021
  c051 0001 0001 0000003c 0004 c0000215`)

describe('records (RFC 1035 §4.1.3, RFC 2782)', () => {
  const rows: readonly [what: string, message: Uint8Array, records: readonly unknown[]][] = [
    [
      'addresses',
      addresses,
      [
        { name: 'web.test', ttl: 60, type: 'A', address: '192.0.2.21' },
        { name: 'web.test', ttl: 60, type: 'A', address: '192.0.2.22' },
      ],
    ],
    ['addresses of IPv6', address6, [{ name: 'web6.test', ttl: 5, type: 'AAAA', address: '2001:db8::21' }]],
    [
      'an alias',
      alias,
      [
        { name: 'www.test', ttl: 30, type: 'CNAME', target: 'web.test' },
        { name: 'web.test', ttl: 60, type: 'A', address: '192.0.2.22' },
      ],
    ],
    [
      'services; what stands behind the answers is not looked at',
      services,
      [
        { name: '_http._tcp.test', ttl: 0, type: 'SRV', priority: 10, weight: 1, port: 8081, target: 'web6.test' },
        { name: '_http._tcp.test', ttl: 0, type: 'SRV', priority: 10, weight: 3, port: 8080, target: 'web.test' },
      ],
    ],
  ]
  for (const [what, message, records] of rows)
    test(what, () => expect(decodeAnswers(message)).toEqual({ ok: true, value: records }))

  const first = 26
  test('other types and classes are passed over, and a TTL with the highest bit is 0 (RFC 2181 §8)', () => {
    expect(decodeAnswers(withByte(addresses, first + 3, 16))).toMatchObject({
      ok: true,
      value: [{ address: '192.0.2.22' }],
    })
    expect(decodeAnswers(withByte(addresses, first + 5, 3))).toMatchObject({ ok: true, value: { length: 1 } })
    expect(decodeAnswers(withByte(addresses, first + 6, 0x80))).toMatchObject({ value: [{ ttl: 0 }, { ttl: 60 }] })
  })

  const wrong: readonly [what: string, message: Uint8Array, field: string, got: number][] = [
    ['an address of 3 bytes', withByte(addresses, first + 11, 3), 'record', 0],
    ['an IPv6 address of 4', withByte(addresses, first + 3, 28), 'record', 0],
    ['data that go on behind the end', withByte(addresses, addresses.length - 5, 5), 'record', 1],
    ['more records than there are', withByte(addresses, 7, 3), 'record', 2],
    ['a name that points forwards', withByte(addresses, first + 1, first + 16), 'record', 0],
    ['a name that points to itself', withByte(addresses, first + 1, first), 'record', 0],
    ['more questions than there are', withByte(addresses, 5, 9), 'question', 0],
    ['an alias that ends before its data', withByte(alias, first + 11, 11), 'record', 0],
    ['an SRV without a target', withByte(services, 33 + 11, 6), 'record', 0],
  ]
  for (const [what, message, field, got] of wrong)
    test(`${what} makes it none`, () =>
      expect(decodeAnswers(message)).toMatchObject({
        ok: false,
        error: { field, ...(field === 'record' ? { got } : {}) },
      }))

  test('whatever is missing at the end makes it none', () => {
    for (const message of [addresses, address6, alias])
      for (let length = 0; length < message.length; length++)
        expect([length, decodeAnswers(message.subarray(0, length)).ok]).toEqual([length, false])
  })

  test('no bytes make it throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (wire) => void decodeAnswers(wire)),
      fuzzRuns(500),
    )
    for (const message of [addresses, alias, services])
      fc.assert(
        fc.property(
          fc.array(fc.tuple(fc.nat(message.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
          (changes) => void decodeAnswers(changes.reduce((wire, [at, to]) => withByte(wire, at, to), message)),
        ),
        fuzzRuns(500),
      )
  })
})

describe('compressed names (RFC 1035 §4.1.4)', () => {
  test('letters are small, and what is no letter of a host is written as its number', () => {
    expect(readName(bytes('03576542 00'), 0)).toEqual({ name: 'web', end: 5 })
    expect(readName(bytes('03 612e00 00'), 0)).toEqual({ name: 'a\\046\\000', end: 5 })
    expect(readName(bytes('00'), 0)).toEqual({ name: '.', end: 1 })
  })

  test('a pointer ends the name where it stands', () => {
    expect(readName(bytes('0161 00 0162 c000 ff'), 3)).toEqual({ name: 'b.a', end: 7 })
  })

  test('what is longer than a name can be is none, and be it by pointers', () => {
    const long = bytes(`${'0161'.repeat(100)}00`)
    expect(readName(long, 0)?.name).toHaveLength(199)
    const longer = new Uint8Array([...long, ...bytes('0162'.repeat(30)), 0xc0, 0])
    expect(readName(longer, 201)).toBeUndefined()
  })

  test('pointers to pointers come to an end', () => {
    const chain = new Uint8Array([
      0,
      0,
      ...Array.from({ length: 200 }, (_, i) => [0xc0, i * 2])
        .flat()
        .slice(0, 256),
    ])
    expect(readName(chain, 2)).toEqual({ name: '.', end: 4 })
    expect(readName(chain, 240)?.name).toBe('.')
    const deep = new Uint8Array(600)
    for (let at = 2; at < 600; at += 2) deep.set([0xc0 | ((at - 2) >> 8), (at - 2) & 0xff], at)
    expect(readName(deep, 598)).toBeUndefined()
  })
})

describe('over TCP (RFC 1035 §4.2.2)', () => {
  test('a message comes whole, in whatever pieces, and what is behind it is left', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.integer({ min: 1, max: 50 }), (message, size) => {
        const stream = new Uint8Array([...framed(message), 1, 2, 3])
        const reader = openMessageReader()
        let found: Uint8Array | undefined
        for (let at = 0; at < stream.length && found === undefined; at += size)
          found = reader.take(stream.subarray(at, at + size))
        expect(found).toEqual(message)
      }),
      fuzzRuns(100),
    )
  })
})
