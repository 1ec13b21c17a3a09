/**
 * Real traffic through tunnels, with the offloads that veth has by default and without. The server's end of the tunnels is
 * test/bpf/decap.bpf.c; that of the kernel is in test/kernel.
 */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ForwardingBackend } from '../../src/forwarding/index.ts'
import type { Tunnel } from '../../src/model/index.ts'
import { type Host, until } from '../lab/library/index.ts'
import {
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
let backend: ForwardingBackend
let bulk: string
let bulkSum: string

beforeAll(async () => {
  ways = openTwoWays('tunnels', 1400)
  client = ways.client
  for (const host of nearAndFar(ways)) await atTheOtherEnd(host)
  const made = await randomFile(client, BULK_MB * 1024 * 1024 + 12345)
  bulk = made.path
  bulkSum = made.sum
  backend = await ways.open(16_384)
}, 60_000)

/** A server that takes packets out of tunnels and has the virtual addresses. */
async function atTheOtherEnd(host: Host): Promise<void> {
  host.takeVirtualAddress(VIP[4])
  host.ip('addr', 'add', `${VIP[6]}/128`, 'dev', 'lo')
  host.takeTunnelsApart()
  await host.nginx({ listen: ['80', '[::]:80'], body: 'server $remote_addr $remote_port' })
  const program = join(import.meta.dirname, 'echo-server.mjs')
  const echo = host.spawn('echo', [process.execPath, program, 'echo', '8080'])
  await until('the server answers', () => echo.output.includes('ready'), { detail: () => echo.output })
}

afterAll(() => ways?.close())

const serve = (family: 4 | 6, port: number, to: { readonly address: string; readonly tunnel: Tunnel }): Promise<void> =>
  serveBy(backend, family, port, { ...to, method: 'tun' })
const curl = (...words: readonly string[]): Promise<string> => ways.curl(30, ...words)
const upload = (family: 4 | 6): Promise<string> =>
  curl('-X', 'POST', '-H', 'Expect:', '--data-binary', `@${bulk}`, url(family, 8080))
const offloads = async (state: 'on' | 'off'): Promise<void> => {
  const { stderr, status } = await ways.director.exec('ethtool', '-K', 'eth1', 'tso', state, 'gso', state, 'tx', state)
  if (status !== 0) throw new Error(stderr)
}

const types = [
  { type: 'ipip', port: 0, checksum: 'none' },
  { type: 'gre', port: 0, checksum: 'none' },
  { type: 'gue', port: 6080, checksum: 'none' },
] as const satisfies readonly Tunnel[]

describe.each(families)('TUN, a service of IPv%i', (inner) => {
  describe.each(families)('servers of IPv%i', (outer) => {
    test.each(types)('$type: HTTP, and an upload that arrives unchanged, with and without offloads', async (tunnel) => {
      for (const port of [80, 8080]) await serve(inner, port, { address: SERVER[outer], tunnel })
      expect(await curl(url(inner, 80))).toMatch(inner === 4 ? /^server 192\.0\.2\.100 / : /^server 2001:db8:1::100 /)
      expect(await upload(inner)).toBe(bulkSum)
      await offloads('off')
      const again = await upload(inner)
      await offloads('on')
      expect(again).toBe(bulkSum)
      expect((await backend.exits())['encapsulation-failed']).toBe(0)
    })
  })
})

describe('a way that gets narrower behind a router', () => {
  const BYTES = 2_000_000
  const sent = (): Promise<string> =>
    client.exec('sh', '-c', `head -c ${BYTES} ${bulk} | sha256sum`).then(({ stdout }) => stdout.split(' ')[0] ?? '')
  const send = (family: 4 | 6): Promise<string> => {
    const upload = `head -c ${BYTES} ${bulk} | curl -s -S -g --max-time 20 -H Expect: --data-binary @- '${url(family, 8080)}'`
    return client.exec('sh', '-c', upload).then(({ stdout, stderr }) => stdout.trim() || stderr.trim())
  }
  const forget = (): void => {
    for (const family of ['-4', '-6']) client.ip(family, 'route', 'flush', 'cache')
  }

  // IPv6 in IPv4 has no DF outside: the router cuts it, and the server's kernel puts it together (test/kernel).
  const rows = [
    [4, 4],
    [4, 6],
    [6, 6],
  ] as const
  describe.each(rows)('a service of IPv%i, servers of IPv%i', (inner, outer) => {
    test.each(types)('$type: the client learns what it carries', async (tunnel) => {
      forget()
      await serve(inner, 8080, { address: FAR[outer], tunnel })
      const before = await backend.exits()
      expect(await send(inner)).toBe(await sent())
      const after = await backend.exits()
      const more = (name: string): number => (after[name] ?? 0) - (before[name] ?? 0)
      expect(more('path-mtu') + more('too-big')).toBeGreaterThan(0)
      expect(more('checksum')).toBe(0)
    })
  })
})
