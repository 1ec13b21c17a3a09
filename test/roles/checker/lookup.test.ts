/** Names of real servers, asked for over UDP and TCP of name servers on loopback, kind and hostile ones. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { address, seconds } from '../../../src/base/index.ts'
import type { NameServer, ServerName } from '../../../src/model/index.ts'
import { systemPorts } from '../../../src/roles/checker/index.ts'
import { nameServersIn } from '../../../src/roles/checker/resolv-conf.ts'
import { framed } from '../../../src/wire/dns/index.ts'

const { lookUp } = systemPorts()
const never = new AbortController().signal
const open: { close(): unknown }[] = []
afterEach(() => {
  for (const one of open.splice(0)) one.close()
})

const LOOPBACK = address('127.0.0.1')
const web: ServerName = { kind: 'dns', name: 'web.test', family: 4, minTtl: seconds(5), maxTtl: seconds(300) }
const service: ServerName = { ...web, kind: 'srv', name: '_http._tcp.test' }

type Handler = (query: Buffer, from: RemoteInfo, socket: Socket) => void
async function serve(handler: Handler): Promise<NameServer> {
  const socket = createSocket('udp4')
  open.push(socket)
  socket.on('message', (query, from) => handler(query, from, socket))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { address: LOOPBACK, port: socket.address().port }
}
const reply =
  (answer: (query: Buffer) => Buffer): Handler =>
  (query, from, socket) =>
    socket.send(answer(query), from.port, from.address)

/** The query as an answer with these records; their names are that of the question. */
function answer(query: Buffer, records: readonly string[], { code = 0, flags = 0x80 } = {}): Buffer {
  const bytes = Buffer.concat([query, ...records.map((record) => Buffer.from(record.replaceAll(' ', ''), 'hex'))])
  bytes[2] = flags | (bytes[2] as number)
  bytes[3] = code
  bytes.writeUInt16BE(records.length, 6)
  return bytes
}
const a = (last: number, ttl = 60) =>
  `c00c 0001 0001 ${ttl.toString(16).padStart(8, '0')} 0004 c00002${last.toString(16).padStart(2, '0')}`
/** To `HOST.test`, of three letters. */
const srv = (host: string, weight: number, port: number) =>
  `c00c 0021 0001 0000003c 0010 0001 ${[weight, port].map((n) => n.toString(16).padStart(4, '0')).join('')} 03${Buffer.from(host).toString('hex')} 0474657374 00`
/** An alias of `HOST.test`, of three letters. */
const cname = (host: string, ttl: number) =>
  `c00c 0005 0001 ${ttl.toString(16).padStart(8, '0')} 000a 03${Buffer.from(host).toString('hex')} 0474657374 00`
const nameIn = (query: Buffer) => query.subarray(13, 13 + (query[12] as number)).toString()
const ask = (of: ServerName, ...servers: readonly NameServer[]) => lookUp(of, servers, never)

describe('addresses', () => {
  test('are servers, in an order of their own, for as long as the answer says', async () => {
    const server = await serve(reply((query) => answer(query, [a(22, 30), a(21)])))
    expect(await ask(web, server)).toEqual({
      ok: true,
      value: {
        servers: [
          { address: '192.0.2.21', hostName: 'web.test' },
          { address: '192.0.2.22', hostName: 'web.test' },
        ],
        ttl: 30,
      },
    })
  })

  test('that cannot be servers are left out; a name that has no others is of no use', async () => {
    const loopback = 'c00c 0001 0001 0000003c 0004 7f000001'
    const mixed = await serve(reply((query) => answer(query, [loopback, a(21)])))
    expect(await ask(web, mixed)).toMatchObject({ ok: true, value: { servers: { length: 1 } } })
    const only = await serve(reply((query) => answer(query, [loopback])))
    expect(await ask(web, only)).toMatchObject({ ok: false, error: { reason: 'unusable' } })
  })

  test('an alias that the server says no more of is asked for, four names at most', async () => {
    const asked: string[] = []
    const chain: Readonly<Record<string, string>> = { web: cname('two', 20), two: cname('six', 30), six: a(21) }
    const server = await serve(
      reply((query) => {
        asked.push(nameIn(query))
        return answer(query, [chain[nameIn(query)] as string])
      }),
    )
    expect(await ask(web, server)).toEqual({
      ok: true,
      value: { servers: [{ address: '192.0.2.21', hostName: 'web.test' }], ttl: 20 },
    })
    expect(asked.splice(0)).toEqual(['web', 'two', 'six'])
    const endless = await serve(
      reply((query) => {
        asked.push(nameIn(query))
        return answer(query, [cname(nameIn(query) === 'one' ? 'two' : 'one', 60)])
      }),
    )
    expect(await ask(web, endless)).toMatchObject({ ok: false, error: { reason: 'empty' } })
    expect(asked).toEqual(['web', 'one', 'two', 'one'])
  })

  const failures: readonly [what: string, handler: Handler, reason: string, message: RegExp][] = [
    ['a name that does not exist', reply((query) => answer(query, [], { code: 3 })), 'nxdomain', /does not exist/],
    ['a name without such records', reply((query) => answer(query, [])), 'empty', /^web\.test has no A record$/],
    ['a server that may not answer', reply((query) => answer(query, [], { code: 5 })), 'unanswered', /REFUSED/],
    [
      'records that are none',
      reply((query) => answer(query, ['c00c 0001 0001 0000003c 0003 c00002'])),
      'unanswered',
      /broken/,
    ],
    [
      'an answer that is cut short, and nobody there over TCP',
      reply((query) => answer(query, [], { flags: 0x82 })),
      'unanswered',
      /over TCP: connection refused/,
    ],
  ]
  for (const [what, handler, reason, message] of failures)
    test(`${what}: ${reason}`, async () => {
      const found = await ask(web, await serve(handler))
      expect(found).toMatchObject({ ok: false, error: { reason, message: expect.stringMatching(message) } })
    })

  test('the next server is asked where one cannot tell, and none where one says that there is nothing', async () => {
    const refuses = await serve(reply((query) => answer(query, [], { code: 2 })))
    const knows = await serve(reply((query) => answer(query, [a(21)])))
    expect(await ask(web, refuses, knows)).toMatchObject({ ok: true })
    let asked = 0
    const denies = await serve(reply((query) => answer(query, [], { code: 3 })))
    const other = await serve(() => void asked++)
    expect(await ask(web, denies, other)).toMatchObject({ ok: false, error: { reason: 'nxdomain' } })
    expect(asked).toBe(0)
  })

  test('a port where nobody listens is told at once, and of the last server asked', async () => {
    const gone = await serve(() => {})
    open.pop()?.close()
    const found = await ask(web, gone)
    expect(found).toMatchObject({
      ok: false,
      error: { message: `127.0.0.1:${gone.port}: nobody listens on the port (ICMP)` },
    })
    expect(await ask(web)).toMatchObject({ ok: false, error: { message: 'there is no name server' } })
  })

  test('answers to other questions are passed over', async () => {
    const server = await serve((query, from, socket) => {
      const strange = answer(query, [a(66)])
      strange[0] = (strange[0] as number) ^ 0xff
      const other = answer(query, [a(67)])
      other[13] = 'x'.charCodeAt(0)
      for (const datagram of [Buffer.from('?'), strange, other, answer(query, [a(21)])])
        socket.send(datagram, from.port, from.address)
    })
    expect(await ask(web, server)).toMatchObject({ ok: true, value: { servers: [{ address: '192.0.2.21' }] } })
  })

  test('an answer that is cut short is asked for over TCP, and may be long', async () => {
    const many = Array.from({ length: 200 }, (_, i) => a(i + 1))
    const udp = await serve(reply((query) => answer(query, [], { flags: 0x82 })))
    const tcp: Server = createServer((socket) =>
      socket.once('data', (query) => {
        const message = framed(answer(Buffer.from(query).subarray(2), many))
        socket.write(message.subarray(0, 1))
        setImmediate(() => socket.write(message.subarray(1)))
      }),
    )
    open.push(tcp)
    tcp.listen(udp.port, '127.0.0.1')
    await once(tcp, 'listening')
    expect(await ask(web, udp)).toMatchObject({ ok: true, value: { servers: { length: 200 } } })
  })
})

describe('services', () => {
  const hosts: Readonly<Record<string, readonly string[]>> = { web: [a(21), a(22, 7)], www: [a(23)] }
  const zone = (...records: readonly string[]) =>
    reply((query) =>
      nameIn(query) === '_http'
        ? answer(query, records)
        : answer(query, hosts[nameIn(query)] ?? [], { code: nameIn(query) in hosts ? 0 : 3 }),
    )

  test('are the addresses of their hosts, with port and weight, for as long as the shortest counts', async () => {
    const server = await serve(zone(srv('www', 1, 8081), srv('web', 3, 8080)))
    expect(await ask(service, server)).toEqual({
      ok: true,
      value: {
        servers: [
          { address: '192.0.2.21', port: 8080, weight: 3, hostName: 'web.test' },
          { address: '192.0.2.22', port: 8080, weight: 3, hostName: 'web.test' },
          { address: '192.0.2.23', port: 8081, weight: 1, hostName: 'www.test' },
        ],
        ttl: 7,
      },
    })
  })

  test('go without hosts that do not exist, as long as there are others', async () => {
    expect(await ask(service, await serve(zone(srv('www', 1, 80), srv('xyz', 1, 80))))).toMatchObject({
      ok: true,
      value: { servers: [{ address: '192.0.2.23' }] },
    })
    expect(await ask(service, await serve(zone(srv('xyz', 1, 80))))).toMatchObject({
      ok: false,
      error: { reason: 'empty', message: 'xyz.test does not exist' },
    })
  })

  test('are not known as long as a host cannot be asked for', async () => {
    const partly = await serve(
      reply((query) => {
        if (nameIn(query) === '_http') return answer(query, [srv('www', 1, 80), srv('web', 1, 80)])
        return nameIn(query) === 'web' ? answer(query, [], { code: 2 }) : answer(query, [a(23)])
      }),
    )
    expect(await ask(service, partly)).toMatchObject({ ok: false, error: { reason: 'unanswered' } })
  })

  test('that are decidedly not there are as a name that does not exist', async () => {
    const none = 'c00c 0021 0001 0000003c 0007 0000 0000 0000 00'
    expect(await ask(service, await serve(zone(none)))).toMatchObject({ ok: false, error: { reason: 'nxdomain' } })
  })
})

test('an abort ends a lookup at once', async () => {
  const abort = new AbortController()
  const server = await serve(() => abort.abort())
  expect(await lookUp(web, [server], abort.signal)).toMatchObject({ ok: false })
})

test('the name servers of the host are the first three of resolv.conf that have an address, or this host', () => {
  const text =
    '# x\nsearch test\nnameserver 192.0.2.53 \nnameserver\tfe80::1%eth0\nnameserver ::1\noptions x\nnameserver 1.1.1.1\nnameserver 9.9.9.9\n'
  expect(nameServersIn(text).map((one) => one.address)).toEqual(['192.0.2.53', '::1', '1.1.1.1'])
  expect(nameServersIn('')).toEqual([{ address: '127.0.0.1', port: 53 }])
})
