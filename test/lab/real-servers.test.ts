/** Real servers that fail and return, and what the forwarding table and clients make of it. */
import { expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS, webService } from './configurations.ts'
import { lab } from './lab-test.ts'
import { type Holdfastd, nowMillis, summary, until } from './library/index.ts'
import { directRouting, natted } from './scenes.ts'

const quick = instance({ version: 3, advertInt: 0.1, priority: 100 })

const table = async (daemon: Holdfastd): Promise<Record<string, number>> => {
  const { forwarding } = await daemon.status()
  const destinations = forwarding?.services.flatMap((service) => service.destinations) ?? []
  return Object.fromEntries(destinations.map(({ address, weight }) => [String(address), weight]))
}

/** Waits until the table holds exactly these destinations with these weights. */
const tableIs = (daemon: Holdfastd, wanted: Record<string, number>): Promise<unknown> =>
  until(
    `the table is ${JSON.stringify(wanted)}`,
    async () => {
      const held = await table(daemon)
      const keys = Object.keys(wanted)
      return keys.length === Object.keys(held).length && keys.every((key) => held[key] === wanted[key])
    },
    { every: 100, detail: () => daemon.process.output },
  )

lab('a real server that fails leaves the table, and returns when it is well', async (lab) => {
  const { client, sources, directors, servers } = directRouting(lab, { directors: 1 })
  const [, second] = await Promise.all(servers.map((host, i) => host.nginx({ listen: ['80'], body: `web${i + 1}` })))
  const realServers = ['192.0.2.21 80', '192.0.2.22 80']
  const daemon = await directors[0]!.holdfastd(quick + webService({ method: 'DR', realServers }))
  await directors[0]!.holds(VIRTUAL_ADDRESS)
  await tableIs(daemon, { '192.0.2.21': 1, '192.0.2.22': 1 })
  const load = await client.load(`http://${VIRTUAL_ADDRESS}/`, { sources, every: 10 })
  await until('both servers answer', () => summary(load.requests).byServer.size === 2)

  await second!.stop('SIGKILL')
  await tableIs(daemon, { '192.0.2.21': 1 })
  const removed = nowMillis()
  const shown = (await daemon.status()).virtualServers[0]?.realServers.find(({ address }) => address === '192.0.2.22')
  expect(shown).toMatchObject({ state: 'down' })
  expect(shown?.reason).toBeTruthy()
  await until('requests without it', () => load.between(removed).length > 100)
  expect(summary(load.between(removed))).toMatchObject({ failed: 0 })

  await servers[1]!.nginx({ listen: ['80'], body: 'web2' })
  await tableIs(daemon, { '192.0.2.21': 1, '192.0.2.22': 1 })
  const returned = nowMillis()
  await until('it answers again', () => summary(load.between(returned)).byServer.has('web2'))
})

lab('with inhibit_on_failure a failed real server stays in the table with weight 0', async (lab) => {
  const { directors, servers } = directRouting(lab, { directors: 1 })
  await servers[0]!.nginx({ listen: ['80'], body: 'web1' })
  const realServers = ['192.0.2.21 80', '192.0.2.22 80']
  const service = webService({ method: 'DR', realServers, more: ['inhibit_on_failure'] })
  const daemon = await directors[0]!.holdfastd(quick + service)
  await tableIs(daemon, { '192.0.2.21': 1, '192.0.2.22': 0 })
})

lab('when no real server is left the sorry server answers, until one returns', async (lab) => {
  const { client, sources, directors, servers } = directRouting(lab, { directors: 1, servers: 2 })
  const only = await servers[0]!.nginx({ listen: ['80'], body: 'web1' })
  await servers[1]!.nginx({ listen: ['80'], body: 'sorry' })
  const service = webService({
    method: 'DR',
    realServers: ['192.0.2.21 80'],
    more: ['sorry_server 192.0.2.22 80'],
  })
  const daemon = await directors[0]!.holdfastd(quick + service)
  await directors[0]!.holds(VIRTUAL_ADDRESS)
  await tableIs(daemon, { '192.0.2.21': 1 })
  const load = await client.load(`http://${VIRTUAL_ADDRESS}/`, { sources, every: 10 })
  await until('the real server answers', () => summary(load.requests).byServer.has('web1'))

  await only.stop('SIGKILL')
  await until('the sorry server answers', () => summary(load.requests).byServer.has('sorry'))
  expect((await daemon.status()).virtualServers[0]).toMatchObject({ sorryServerInUse: true })
  await tableIs(daemon, { '192.0.2.22': 1 })

  await servers[0]!.nginx({ listen: ['80'], body: 'web1' })
  await tableIs(daemon, { '192.0.2.21': 1 })
  const returned = nowMillis()
  await until('the real server answers again', () => summary(load.between(returned)).byServer.has('web1'))
})

lab('HTTP_GET takes a server out whose page has another status', async (lab) => {
  const { directors, servers } = directRouting(lab, { directors: 1 })
  await servers[0]!.nginx({ listen: ['80'], body: 'web1', locations: 'location /health { return 200 "well"; }' })
  await servers[1]!.nginx({ listen: ['80'], body: 'web2', locations: 'location /health { return 503 "ill"; }' })
  const checker = [
    'weight 1',
    'HTTP_GET {',
    'url {',
    'path /health',
    'status_code 200',
    '}',
    'connect_timeout 1',
    'retry 0',
    '}',
  ]
  const realServers = ['192.0.2.21 80', '192.0.2.22 80']
  const daemon = await directors[0]!.holdfastd(quick + webService({ method: 'DR', realServers, checker }))
  await tableIs(daemon, { '192.0.2.21': 1 })
})

lab('NAT maps address and port, and the answers come back from the virtual address', async (lab) => {
  const { client, sources, directors, servers } = natted(lab)
  for (const [i, host] of servers.entries())
    await host.nginx({ listen: [`10.0.0.2${i + 1}:8080`], body: `web${i + 1}` })
  const service = webService({ method: 'NAT', realServers: ['10.0.0.21 8080', '10.0.0.22 8080'] })
  const daemon = await directors[0]!.holdfastd(quick + service)
  await directors[0]!.holds(VIRTUAL_ADDRESS)
  await tableIs(daemon, { '10.0.0.21': 1, '10.0.0.22': 1 })
  const load = await client.load(`http://${VIRTUAL_ADDRESS}/`, { sources, every: 10 })
  const begun = nowMillis()
  await until('both servers answer', () => load.between(begun).length > 100)
  const { failed, byServer } = summary(load.between(begun))
  expect({ failed, servers: [...byServer.keys()].sort() }).toEqual({ failed: 0, servers: ['web1', 'web2'] })
  const { forwarding } = await daemon.status()
  for (const { connections, inPackets, outPackets } of forwarding?.services[0]?.destinations ?? []) {
    expect(connections).toBeGreaterThan(0)
    expect(inPackets).toBeGreaterThan(0)
    expect(outPackets).toBeGreaterThan(0)
  }
})
