/** Two directors that tell each other of connections: none breaks when the master's links are cut, nor when it comes back. */
import { expect } from 'vitest'
import type { DaemonSnapshot } from '../../src/observe/index.ts'
import { VIRTUAL_ADDRESS } from './configurations.ts'
import { lab } from './lab-test.ts'
import { echoes, type Host, Streams, until } from './library/index.ts'
import { placesOf, portsOf, synchronised, syncScene } from './sync-scene.ts'

/** Connections by each method, and how often the master goes and comes back: 500 and 10 are two thousand, ten rounds. */
const EACH = Number(process.env['HOLDFAST_STREAMS'] ?? 30)
const ROUNDS = Number(process.env['HOLDFAST_SYNC_ROUNDS'] ?? 1)
const METHODS = ['DR', 'NAT', 'FNAT', 'TUN'] as const
const configuration = (priority: number): string => synchronised({ priority, methods: METHODS })

const listens = ({ forwarding }: DaemonSnapshot): boolean =>
  forwarding?.sync?.daemons.some(({ role }) => role === 'backup') === true
const counterOf = async (
  of: { status(): Promise<{ forwarding?: { sync?: { counters?: Readonly<Record<string, number>> } } }> },
  name: string,
) => (await of.status()).forwarding?.sync?.counters?.[name] ?? 0

lab(
  'connections by direct routing, NAT, FULLNAT and tunnels outlive the loss of the master and its return, with every byte',
  async (lab) => {
    const { client, strong, weak, near, far } = syncScene(lab)
    near.takeTunnelsApart()
    await Promise.all([echoes(near, ...portsOf(METHODS, true)), echoes(far, ...portsOf(METHODS, false))])
    const [first, second] = await Promise.all([
      strong.holdfastd(configuration(200)),
      weak.holdfastd(configuration(100)),
    ])
    await strong.holds(VIRTUAL_ADDRESS)
    const streams = await Streams.open(client, EACH, placesOf(METHODS))
    await streams.goOn(512)
    await until(
      'the backup has every connection',
      async () => (await counterOf(second, 'connections-entered')) >= EACH * METHODS.length,
    )
    for (let round = 0; round < ROUNDS; round++) {
      strong.cut()
      await weak.holds(VIRTUAL_ADDRESS)
      expect((await streams.goOn(512)).filter(({ fault }) => fault !== undefined)).toEqual([])
      strong.mend()
      await weak.releases(VIRTUAL_ADDRESS)
      await strong.holds(VIRTUAL_ADDRESS)
      expect((await streams.goOn(512)).filter(({ fault }) => fault !== undefined)).toEqual([])
    }
    expect(await streams.end()).toEqual({ ended: EACH * METHODS.length, faults: [] })
    const { forwarding } = await first.status()
    expect(forwarding?.exits['news-lost']).toBe(0)
    expect(forwarding?.sync?.daemons).toEqual([{ role: 'master', interface: 'eth0', syncId: 51 }])
  },
  60_000 + ROUNDS * 60_000,
)

for (const [way, version, optionsOf] of [
  ['over IPv6, to a group and by two ports', 1, () => 'group ff02::8:51 port 9000'],
  ['to a host, in version 0', 0, (other: string) => `group ${other}`],
] as const)
  lab(`connections are told ${way}, with an id and a length of their own`, async (lab) => {
    const { client, strong, weak, far } = syncScene(lab)
    await echoes(far, ...portsOf(['NAT'], false))
    const configured = (priority: number, other: string) =>
      `${synchronised({ priority, methods: ['NAT'], options: `id 7 maxlen 600 ttl 2 ${optionsOf(other)}` })}lvs_settings {\n  sync_ports 2\n  sync_version ${version}\n}\n`
    const [first, second] = await Promise.all([
      strong.holdfastd(configured(200, '192.0.2.12')),
      weak.holdfastd(configured(100, '192.0.2.11')),
    ])
    await strong.holds(VIRTUAL_ADDRESS)
    await second.shows('it listens', listens)
    const streams = await Streams.open(client, 8, placesOf(['NAT']))
    await until('the backup has them', async () => (await counterOf(second, 'connections-entered')) >= 8)
    expect((await streams.end()).faults).toEqual([])
    expect((await first.status()).forwarding?.sync?.daemons).toEqual([{ role: 'master', interface: 'eth0', syncId: 7 }])
  })

/** Whoever is on the link. */
const strangers: readonly [what: string, counter: string, payload: string][] = [
  ['another id', 'wrong-sync-id', '00070008 00010000'],
  ['truncated', 'too-short', '0033'],
  ['oversized', 'wrong-size', '00330008 00010000 00'],
  ['malformed', 'malformed-entries', '0033000c 01010000 00060024'],
]
const send = (from: Host, payload: string, source: string) =>
  from.exec(
    process.execPath,
    '-e',
    `const s = require('node:dgram').createSocket('udp4'); s.bind(() => { s.setMulticastTTL(1); s.setMulticastInterface('${source}')
     s.send(Buffer.from('${payload.replaceAll(' ', '')}', 'hex'), 8848, '224.0.0.81', () => s.close()) })`,
  )

lab('messages that are wrong or come from elsewhere are counted, and nothing comes of them', async (lab) => {
  const { client, weak, strong } = syncScene(lab)
  const daemon = await weak.holdfastd(synchronised({ priority: 100, methods: METHODS, router: ['nopreempt'] }))
  await strong.holdfastd(configuration(200))
  await strong.holds(VIRTUAL_ADDRESS)
  await daemon.shows('it listens', listens)
  for (const [what, counter, payload] of strangers) {
    await send(client, payload, '192.0.2.201')
    await until(`${what} is counted`, async () => (await counterOf(daemon, counter)) === 1)
  }
  client.ip('addr', 'flush', 'dev', 'eth0')
  client.ip('addr', 'add', '198.51.100.7/24', 'dev', 'eth0')
  client.ip('route', 'add', '224.0.0.0/4', 'dev', 'eth0')
  await send(client, '00330008 00010000', '198.51.100.7')
  await until('a stranger is counted', async () => (await counterOf(daemon, 'wrong-source')) === 1)
  expect(await counterOf(daemon, 'connections-entered')).toBe(0)
})

lab('with a key a partner is believed who has it, and nobody else', async (lab) => {
  const { client, weak, strong, far } = syncScene(lab)
  await echoes(far, ...portsOf(['NAT'], false))
  const signed = (priority: number): string =>
    synchronised({ priority, methods: METHODS, global: [`lvs_sync_key hex:${'5a'.repeat(32)}`] })
  const [first, second] = await Promise.all([strong.holdfastd(signed(200)), weak.holdfastd(signed(100))])
  await strong.holds(VIRTUAL_ADDRESS)
  await second.shows('it listens', listens)
  await send(client, '00330008 00010000', '192.0.2.201')
  await until('what is not signed is counted', async () => (await counterOf(second, 'unauthenticated')) === 1)
  const streams = await Streams.open(client, 2, placesOf(['NAT']))
  await until('connections are believed', async () => (await counterOf(second, 'connections-entered')) >= 2)
  await streams.end()
  expect((await first.holdfast('status', '--json')).stdout).not.toContain('5a5a')
})
