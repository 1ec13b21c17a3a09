/** Two directors that tell each other of connections: none breaks when the master's links are cut, nor when it comes back. */
import { expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS } from './configurations.ts'
import { lab } from './lab-test.ts'
import { echoes, type Host, type Lab, Streams, until } from './library/index.ts'

const EACH = Number(process.env['HOLDFAST_STREAMS'] ?? 40)
const ROUNDS = Number(process.env['HOLDFAST_SYNC_ROUNDS'] ?? 1)
const METHODS = ['DR', 'NAT', 'FNAT'] as const
const PORTS = { DR: 80, NAT: 81, FNAT: 82 } as const
const PLACES = METHODS.map((method) => `${VIRTUAL_ADDRESS}:${PORTS[method]}`)

/** Clients and the server of direct routing outside; the others' inside, whose gateway and FULLNAT's local addresses move with the master. */
function scene(lab: Lab) {
  const [outside, inside] = [lab.segment('outside'), lab.segment('inside')]
  const client = lab.host('client', { eth0: { segment: outside, addresses: ['192.0.2.201/24'] } })
  const director = (name: string, n: number) =>
    lab.host(name, {
      eth0: { segment: outside, addresses: [`192.0.2.${n}/24`] },
      eth1: { segment: inside, addresses: [`10.0.0.${n}/24`] },
    })
  const near = lab.host('near', { eth0: { segment: outside, addresses: ['192.0.2.21/24'] } })
  near.takeVirtualAddress(VIRTUAL_ADDRESS)
  const far = lab.host('far', { eth0: { segment: inside, addresses: ['10.0.0.21/24'] } })
  far.ip('route', 'add', 'default', 'via', '10.0.0.1')
  return { client, strong: director('strong', 11), weak: director('weak', 12), near, far }
}

const configuration = (priority: number): string =>
  [
    'global_defs {\n  lvs_sync_daemon eth0 VI_51\n}\n',
    instance({
      priority,
      version: 3,
      advertInt: 0.2,
      addresses: [`${VIRTUAL_ADDRESS}/24`, '10.0.0.1/24 dev eth1', '10.0.0.101/24 dev eth1'],
    }),
    'local_address_group laddr {\n  10.0.0.101\n}\n',
    ...METHODS.map((method) => {
      const server = method === 'DR' ? `192.0.2.21 ${PORTS.DR}` : `10.0.0.21 ${PORTS[method]}`
      const locals = method === 'FNAT' ? '  laddr_group_name laddr\n' : ''
      return `virtual_server ${VIRTUAL_ADDRESS} ${PORTS[method]} {
  warmup 0\n  lb_algo rr\n  lb_kind ${method}\n  protocol TCP\n${locals}  real_server ${server} {\n    weight 1\n  }\n}\n`
    }),
  ].join('')

const counterOf = async (
  of: { status(): Promise<{ forwarding?: { sync?: { counters?: Readonly<Record<string, number>> } } }> },
  name: string,
) => (await of.status()).forwarding?.sync?.counters?.[name] ?? 0

lab(
  'connections by direct routing, NAT and FULLNAT outlive the loss of the master and its return, with every byte',
  async (lab) => {
    const { client, strong, weak, near, far } = scene(lab)
    await Promise.all([echoes(near, PORTS.DR), echoes(far, PORTS.NAT, PORTS.FNAT)])
    const [first, second] = await Promise.all([
      strong.holdfastd(configuration(200)),
      weak.holdfastd(configuration(100)),
    ])
    await strong.holds(VIRTUAL_ADDRESS)
    const streams = await Streams.open(client, EACH, PLACES)
    await streams.goOn(512)
    await until(
      'the backup has every connection',
      async () => (await counterOf(second, 'connections-entered')) >= EACH * PLACES.length,
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
    expect(await streams.end()).toEqual({ ended: EACH * PLACES.length, faults: [] })
    const { forwarding } = await first.status()
    expect(forwarding?.exits['news-lost']).toBe(0)
    expect(forwarding?.sync?.daemons).toEqual([{ role: 'master', interface: 'eth0', syncId: 51 }])
  },
)

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
  const { client, weak, strong } = scene(lab)
  const daemon = await weak.holdfastd(configuration(100).replace('priority 100', 'priority 100\n  nopreempt'))
  await strong.holdfastd(configuration(200))
  await strong.holds(VIRTUAL_ADDRESS)
  await daemon.shows(
    'it listens',
    ({ forwarding }) => forwarding?.sync?.daemons.some(({ role }) => role === 'backup') === true,
  )
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
  const { client, weak, strong, far } = scene(lab)
  await echoes(far, PORTS.NAT)
  const signed = (priority: number): string =>
    configuration(priority).replace('lvs_sync_daemon', `lvs_sync_key hex:${'5a'.repeat(32)}\n  lvs_sync_daemon`)
  const [first, second] = await Promise.all([strong.holdfastd(signed(200)), weak.holdfastd(signed(100))])
  await strong.holds(VIRTUAL_ADDRESS)
  await second.shows(
    'it listens',
    ({ forwarding }) => forwarding?.sync?.daemons.some(({ role }) => role === 'backup') === true,
  )
  await send(client, '00330008 00010000', '192.0.2.201')
  await until('what is not signed is counted', async () => (await counterOf(second, 'unauthenticated')) === 1)
  const streams = await Streams.open(client, 2, [`${VIRTUAL_ADDRESS}:${PORTS.NAT}`])
  await until('connections are believed', async () => (await counterOf(second, 'connections-entered')) >= 2)
  await streams.end()
  expect((await first.holdfast('status', '--json')).stdout).not.toContain('5a5a')
})
