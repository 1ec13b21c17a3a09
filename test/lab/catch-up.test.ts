/** A director that joins has all connections before it preempts, and does not wait for ever for those who do not hand them over. */
import { expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS } from './configurations.ts'
import { lab } from './lab-test.ts'
import { echoes, type Holdfastd, type Lab, Streams, until } from './library/index.ts'

const COUNT = 60
const PORT = 81
const PLACE = `${VIRTUAL_ADDRESS}:${PORT}`

/** Clients outside; the server inside, whose gateway moves with the master. */
function scene(lab: Lab) {
  const [outside, inside] = [lab.segment('outside'), lab.segment('inside')]
  const director = (name: string, n: number) =>
    lab.host(name, {
      eth0: { segment: outside, addresses: [`192.0.2.${n}/24`] },
      eth1: { segment: inside, addresses: [`10.0.0.${n}/24`] },
    })
  const client = lab.host('client', { eth0: { segment: outside, addresses: ['192.0.2.201/24'] } })
  const server = lab.host('server', { eth0: { segment: inside, addresses: ['10.0.0.21/24'] } })
  server.ip('route', 'add', 'default', 'via', '10.0.0.1')
  return { client, server, strong: director('strong', 11), weak: director('weak', 12) }
}

/** `more`: lines of global_defs. */
const configuration = (priority: number, ...more: readonly string[]): string =>
  [
    // Nobody hears of a connection later than that it exists: what is not told at once has to be fetched.
    `global_defs {\n  lvs_sync_daemon eth0 VI_51\n${more.map((line) => `  ${line}\n`).join('')}}\n`,
    'lvs_settings {\n  sync_period 0\n  sync_threshold 1000000\n}\n',
    instance({
      priority,
      version: 3,
      advertInt: 0.2,
      addresses: [`${VIRTUAL_ADDRESS}/24`, '10.0.0.1/24 dev eth1'],
    }),
    `virtual_server ${VIRTUAL_ADDRESS} ${PORT} {
  warmup 0\n  lb_algo rr\n  lb_kind NAT\n  protocol TCP\n  real_server 10.0.0.21 ${PORT} {\n    weight 1\n  }\n}\n`,
  ].join('')

const catchUpOf = async (daemon: Holdfastd) => (await daemon.status()).forwarding?.sync?.catchUp
const counterOf = async (daemon: Holdfastd, name: string) =>
  (await daemon.status()).forwarding?.sync?.counters?.[name] ?? 0

lab(
  'a stronger director that starts anew preempts with every connection, though none is told of one by one',
  async (lab) => {
    const { client, server, strong, weak } = scene(lab)
    await echoes(server, PORT)
    const master = await weak.holdfastd(configuration(100))
    await weak.holds(VIRTUAL_ADDRESS)
    const streams = await Streams.open(client, COUNT, [PLACE])
    await streams.goOn(512)
    const joined = await strong.holdfastd(configuration(200))
    await strong.holds(VIRTUAL_ADDRESS)
    expect((await streams.goOn(512)).filter(({ fault }) => fault !== undefined)).toEqual([])
    expect(await catchUpOf(joined)).toMatchObject({ state: 'complete', from: '192.0.2.12', connections: COUNT })
    expect(await counterOf(joined, 'connections-entered')).toBe(COUNT)
    expect(await counterOf(master, 'catch-ups-told')).toBe(1)
    // The one that gave way has it all from its successor in turn, also after a loss of the link.
    await until('it has caught up', async () => (await counterOf(master, 'catch-ups-taken')) === 1)
    strong.cut()
    await weak.holds(VIRTUAL_ADDRESS)
    await streams.goOn(512)
    strong.mend()
    await weak.releases(VIRTUAL_ADDRESS)
    expect(await streams.end()).toEqual({ ended: COUNT, faults: [] })
    expect(await counterOf(joined, 'catch-ups-taken')).toBe(2)
  },
)

lab('a director with another key gets nothing, and preempts after a while all the same', async (lab) => {
  const { strong, weak } = scene(lab)
  const key = (byte: string) => `lvs_sync_key hex:${byte.repeat(32)}`
  const master = await weak.holdfastd(configuration(100, key('5a')))
  await weak.holds(VIRTUAL_ADDRESS)
  const joined = await strong.holdfastd(configuration(200, key('a5')))
  await strong.holds(VIRTUAL_ADDRESS)
  expect(await catchUpOf(joined)).toMatchObject({ state: 'no-answer' })
  expect(await counterOf(master, 'unauthenticated')).toBeGreaterThan(0)
})

/** Offers whatever it is asked for, takes the stream, and says nothing more. */
const mute = (address: string) => `
const dgram = require('node:dgram'), net = require('node:net')
net.createServer((socket) => socket.on('error', () => {})).listen(8847)
const socket = dgram.createSocket({ type: 'udp4', reuseAddr: true })
socket.on('message', (query) => {
  if (query[5] !== 0) return
  const offer = Buffer.concat([query, Buffer.alloc(16, 7), Buffer.from([0x22, 0x8f, 0, 0])])
  offer[5] = 1
  socket.send(offer, 8847, '224.0.0.81')
})
socket.bind(8847, () => { socket.addMembership('224.0.0.81', '${address}'); socket.setMulticastInterface('${address}'); console.log('mute') })`

lab('who is kept waiting in the middle says so, tries again, and replaces a master that dies at once', async (lab) => {
  const { client, strong, weak } = scene(lab)
  await weak.holdfastd(configuration(100, 'lvs_sync_catch_up off'))
  await weak.holds(VIRTUAL_ADDRESS)
  await client.spawn('mute', [process.execPath, '-e', mute('192.0.2.201')]).line(/mute/)
  // Far longer than the test.
  const joined = await strong.holdfastd(configuration(200, 'lvs_sync_catch_up 3600'))
  await until('it has tried more than once', async () => (await counterOf(joined, 'catch-up-broken')) > 1)
  const { virtualRouters } = await joined.status()
  expect(virtualRouters[0]).toMatchObject({ state: 'backup', fetchingUntil: expect.any(String) })
  expect((await joined.holdfast('why', 'VI_51')).stdout).toContain('before it preempts, the connections are fetched')
  weak.cut()
  await strong.holds(VIRTUAL_ADDRESS)
})
