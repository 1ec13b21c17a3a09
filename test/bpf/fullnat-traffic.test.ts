/** Real traffic by FULLNAT to servers that know no way to the client, with the offloads that veth has by default. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { address } from '../../src/base/index.ts'
import * as layout from '../../src/forwarding/ebpf/layout.ts'
import { u32 } from '../../src/forwarding/ebpf/struct.ts'
import type { ForwardingBackend, Service } from '../../src/forwarding/index.ts'
import { openPinnedMap } from '../../src/sys/bpf/index.ts'
import { type Host, until } from '../lab/library/index.ts'
import {
  DIRECTOR,
  FAR,
  families,
  nearAndFar,
  openTwoWays,
  randomFile,
  SERVER,
  serveBy,
  type TwoWays,
  url,
  VIP,
} from './two-ways.ts'

const BULK_MB = 64

let ways: TwoWays
let client: Host
let server: Host
let far: Host
let backend: ForwardingBackend
let bulk: string
let bulkSum: string

beforeAll(async () => {
  ways = openTwoWays('fullnat', 1300)
  client = ways.client
  ;[server, far] = nearAndFar(ways)
  for (const host of [server, far]) await startServers(host)
  const made = await randomFile(client, BULK_MB * 1024 * 1024 + 12345)
  bulk = made.path
  bulkSum = made.sum
  backend = await ways.open(16_384)
}, 60_000)

async function startServers(host: Host): Promise<void> {
  await host.nginx({ listen: ['80', '[::]:80'], body: 'server $remote_addr $remote_port' })
  const program = join(import.meta.dirname, 'echo-server.mjs')
  const echo = host.spawn('echo', [process.execPath, program, 'echo', '8080'])
  await until('the server answers', () => echo.output.includes('ready'), { detail: () => echo.output })
}

afterAll(() => ways?.close())

const serve = (
  family: 4 | 6,
  port: number,
  to: string,
  more: Partial<Service> & { readonly protocol?: 'tcp' | 'udp' } = {},
): Promise<void> =>
  serveBy(
    backend,
    family,
    port,
    { address: to, method: 'fullnat' },
    {
      localAddresses: [address(DIRECTOR[family])],
      ...more,
    },
  )
const curl = (...words: readonly string[]): Promise<string> => ways.curl(30, ...words)
const upload = (family: 4 | 6): Promise<string> =>
  curl('-X', 'POST', '-H', 'Expect:', '--data-binary', `@${bulk}`, url(family, 8080))
describe.each(families)('IPv%i', (family) => {
  test('the server sees a local address, and needs no route back', async () => {
    await serve(family, 80, SERVER[family])
    expect(await curl(url(family, 80))).toContain(`server ${DIRECTOR[family]} `)
  })

  test.each([false, true])('64 MB arrive unchanged in each direction, TOA %s', async (tcpOptionAddress) => {
    await serve(family, 8080, SERVER[family], { tcpOptionAddress })
    expect(await upload(family)).toBe(bulkSum)
    const down = (from: string) => client.exec('sh', '-c', `curl -s -g http://${from}:8080/bulk/${BULK_MB} | sha256sum`)
    const direct = family === 6 ? '[2001:db8:1::11]' : '192.0.2.11'
    const virtual = family === 6 ? `[${VIP[6]}]` : VIP[4]
    expect((await down(virtual)).stdout).toBe((await down(direct)).stdout)
    expect((await backend.exits())['rewrite-failed']).toBe(0)
  })

  test('UDP: 4000 bytes go in fragments, and so does the answer', async () => {
    await serve(family, 8080, SERVER[family], { protocol: 'udp' })
    const ask = `const s = require('dgram').createSocket('udp${family}').on('message', (m) => { console.log(m.length); s.close() }); s.send('x'.repeat(4000), 8080, '${VIP[family]}')`
    const { stdout } = await client.exec('timeout', '10', process.execPath, '-e', ask)
    // `echo `, and the question.
    expect(stdout.trim()).toBe('4005')
  })

  test('the SYN and the first packet with data tell the server of the client, no other does', async () => {
    await serve(family, 80, SERVER[family], { tcpOptionAddress: true })
    const filter = `src host ${DIRECTOR[family]} and tcp dst port 80`
    const capture = server.spawn('tcpdump', ['tcpdump', '-nn', '-l', '-U', '-i', 'eth0', '-x', filter])
    await until('tcpdump listens', () => capture.output.includes('listening'), { detail: () => capture.output })
    // Below the ports that others are given, and another for each family: nobody has it, not even in TIME_WAIT.
    const port = family === 4 ? 13_333 : 13_334
    expect(await curl('--local-port', String(port), url(family, 80))).toContain('server ')
    const header = family === 4 ? 20 : 40
    const told = family === 4 ? 'fe083415c0000264' : 'fe14341620010db8000100000000000000000100'
    const packets = () => capturedPackets(capture.output).map((bytes) => readSegment(bytes.subarray(header), told))
    await until('the client has closed', () => packets().some(({ kind }) => kind === 'fin'), {
      detail: () => capture.output,
    })
    expect(new Set(packets().map(({ kind, isTold }) => `${kind} ${isTold}`))).toEqual(
      new Set(['syn true', 'data true', 'ack false', 'fin false']),
    )
  })
})

/** What `tcpdump -x` has printed, from the IP headers on. */
const capturedPackets = (text: string): Buffer[] =>
  text
    .split(/^\d\d:\d\d:\d\d/m)
    .slice(1)
    .map((one) => {
      const words = [...one.matchAll(/0x[0-9a-f]{4}: {2}([0-9a-f ]+)/g)].map(([, line]) => line ?? '')
      return Buffer.from(words.join('').replaceAll(' ', ''), 'hex')
    })

/** @param told  the option, in hexadecimal; it comes first */
function readSegment(tcp: Buffer, told: string) {
  const flags = tcp[13] ?? 0
  const offset = ((tcp[12] ?? 0) >> 4) * 4
  const kind = (flags & 2) !== 0 ? 'syn' : (flags & 1) !== 0 ? 'fin' : tcp.length > offset ? 'data' : 'ack'
  return { kind, isTold: tcp.subarray(20, offset).toString('hex').startsWith(told) }
}

describe('a way that gets narrower behind a router', () => {
  const forgotten = async (): Promise<void> => {
    for (const host of [client, ways.director, server, far])
      for (const family of ['-4', '-6']) host.ip(family, 'route', 'flush', 'cache')
  }
  const within = (): Promise<string> =>
    client.exec('sh', '-c', `head -c 2000000 ${bulk} | sha256sum`).then(({ stdout }) => stdout.split(' ')[0] ?? '')
  const part = (family: 4 | 6): Promise<string> => {
    const send = `head -c 2000000 ${bulk} | curl -s -S -g --max-time 20 -H Expect: --data-binary @- '${url(family, 8080)}'`
    return client.exec('sh', '-c', send).then(({ stdout, stderr }) => stdout.trim() || stderr.trim())
  }

  test.each(families)('IPv%i: client and server learn of it', async (family) => {
    await forgotten()
    await serve(family, 8080, FAR[family], { tcpOptionAddress: true })
    expect(await part(family)).toBe(await within())
    const down = await client.exec('sh', '-c', `curl -s -g --max-time 20 ${url(family, 8080)}bulk/4 | wc -c`)
    expect(down.stdout.trim()).toBe(String(4 << 20))
  })
})

describe('many connections over few local ports', () => {
  test('2000 requests, each with a connection of its own, over 100 ports: none fails', async () => {
    const settings = openPinnedMap(`${ways.pinDirectory}/settings`)
    if (!settings.ok || settings.value === undefined) throw new Error('no settings are pinned')
    const held = layout.settings.decode(settings.value.lookup(u32(0)) as Uint8Array)
    settings.value.update(u32(0), layout.settings.encode({ ...held, local_low: 10_000, local_high: 10_099 }))
    settings.value.close()
    await serve(4, 80, SERVER[4])
    // nginx closes after each answer, so every request is a connection.
    const many = `curl -s -o /dev/null -w '%{http_code}\\n' --max-time 40 '${url(4, 80)}[1-500]'`
    const { stdout } = await client.exec('sh', '-c', `(${many} & ${many} & ${many} & ${many} & wait) | sort | uniq -c`)
    expect(stdout.trim()).toBe('2000 200')
    expect((await backend.exits())['no-local-port']).toBe(0)
  })
})
