/** `holdfast realserver` on real servers of a direct routing set-up: up, back again, and through a restart of the network. */
import { resolve } from 'node:path'
import { expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS, VIRTUAL_ADDRESS_6, webService } from './configurations.ts'
import { lab } from './lab-test.ts'
import { type Host, type Lab, nowMillis, summary, until } from './library/index.ts'

const HOLDFAST = resolve(import.meta.dirname, '../../bin/holdfast')
const realServers = ['192.0.2.21 80', '192.0.2.22 80']
const text = instance({ version: 3, advertInt: 0.1, priority: 100 }) + webService({ method: 'DR', realServers })

function scene(of: Lab): { client: Host; sources: readonly string[]; director: Host; servers: readonly Host[] } {
  const segment = of.segment()
  const host = (name: string, ...addresses: readonly string[]) =>
    of.host(name, { eth0: { segment, addresses: addresses.map((address) => `${address}/24`) } })
  const sources = Array.from({ length: 4 }, (_, i) => `192.0.2.${201 + i}`)
  return {
    sources,
    client: host('client', ...sources),
    director: host('director', '192.0.2.11'),
    servers: [host('web1', '192.0.2.21'), host('web2', '192.0.2.22')],
  }
}

const realserver = (on: Host, ...words: readonly string[]) =>
  on.exec(HOLDFAST, 'realserver', ...words, '--state-dir', `${on.directory}/state`)

/** Addresses of lo and what the kernel does about ARP, as the host's own tools tell. */
const before = async (on: Host) => ({
  lo: on.ip('-o', 'addr', 'show', 'dev', 'lo').replaceAll(/\d+: /g, ''),
  settings: (await on.exec('sysctl', '-a', '-r', 'conf\\.(all|lo)\\.arp_')).stdout,
})

lab('up puts addresses on lo and keeps ARP quiet, down restores what was there', async (lab) => {
  const { client, servers } = scene(lab)
  const [web] = servers as [Host]
  web.sysctl('net.ipv4.conf.lo.arp_announce=1')
  const was = await before(web)
  expect(await realserver(web, 'check', VIRTUAL_ADDRESS)).toMatchObject({
    status: 1,
    stdout: expect.stringContaining(`${VIRTUAL_ADDRESS} is not on lo`),
  })
  expect(await realserver(web, 'up', VIRTUAL_ADDRESS, VIRTUAL_ADDRESS_6)).toMatchObject({ status: 0 })
  // Again: nothing to do, and nothing forgotten.
  expect(await realserver(web, 'up', VIRTUAL_ADDRESS, VIRTUAL_ADDRESS_6)).toMatchObject({ status: 0, stdout: '' })
  expect(web.ip('-o', 'addr', 'show', 'dev', 'lo')).toContain(`inet ${VIRTUAL_ADDRESS}/32 brd ${VIRTUAL_ADDRESS}`)
  expect(web.ip('-o', 'addr', 'show', 'dev', 'lo')).toContain(`inet6 ${VIRTUAL_ADDRESS_6}/128`)
  expect(await realserver(web, 'status')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining(`${VIRTUAL_ADDRESS}  on lo`),
  })
  expect(await client.exec(HOLDFAST, 'arping', '-D', '-c', '1', '-I', 'eth0', VIRTUAL_ADDRESS)).toMatchObject({
    status: 0,
  })
  expect(await realserver(web, 'down')).toMatchObject({ status: 0 })
  expect(await before(web)).toEqual(was)
})

lab('with the director’s configuration it takes the addresses of its own services', async (lab) => {
  const { director, servers } = scene(lab)
  const [web] = servers as [Host]
  const file = web.file('keepalived.conf', text)
  expect(await realserver(director, 'up', '--config', file)).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('no real_server of direct routing or tunnels has an address of this host'),
  })
  expect(await realserver(web, 'up', '--config', file)).toMatchObject({ status: 0 })
  expect(await realserver(web, 'check', '--config', file)).toMatchObject({
    status: 1,
    stdout: expect.stringContaining(`nothing listens at ${VIRTUAL_ADDRESS}:80`),
  })
  const server = await web.nginx({ listen: ['80'], body: 'web1' })
  expect(await realserver(web, 'check', '--config', file)).toMatchObject({ status: 0 })
  await server.stop('SIGKILL')
})

lab(
  'a restart of the network takes the addresses away: they are back at once, and clients notice nothing after that',
  async (lab) => {
    const { client, sources, director, servers } = scene(lab)
    const watching = servers.map((host) => {
      const file = host.file('keepalived.conf', text)
      return host.spawn('realserver', [
        HOLDFAST,
        'realserver',
        'up',
        '--watch',
        '--config',
        file,
        '--state-dir',
        `${host.directory}/state`,
      ])
    })
    await Promise.all(servers.map((host, i) => host.nginx({ listen: ['80'], body: `web${i + 1}` })))
    const holds = (host: Host) => host.ip('-o', 'addr', 'show', 'dev', 'lo').includes(`${VIRTUAL_ADDRESS}/32`)
    await until('both have it', () => servers.every(holds))
    await director.holdfastd(text)
    await director.holds(VIRTUAL_ADDRESS)
    const load = await client.load(`http://${VIRTUAL_ADDRESS}/`, { sources, every: 10 })
    await until('both answer', () => summary(load.requests).byServer.size === 2)

    const [web] = servers as [Host]
    // What `systemctl restart networking` does to a host: addresses flushed, the link down and up, settings as in sysctl.conf.
    web.ip('addr', 'flush', 'dev', 'lo')
    web.ip('addr', 'flush', 'dev', 'eth0')
    web.linkDown()
    web.sysctl('net.ipv4.conf.all.arp_ignore=0', 'net.ipv4.conf.all.arp_announce=0')
    web.ip('addr', 'add', '127.0.0.1/8', 'dev', 'lo')
    web.linkUp()
    web.ip('addr', 'add', '192.0.2.21/24', 'dev', 'eth0')
    await until('it has it again', () => holds(web))
    await until(
      'ARP is quiet again',
      async () => (await web.exec('sysctl', '-n', 'net.ipv4.conf.all.arp_ignore')).stdout === '1\n',
    )
    const quiet = nowMillis()
    await until('it answers again', () => summary(load.between(quiet)).byServer.has('web1'))
    await until('a hundred requests', () => load.between(quiet).length > 100)
    expect(summary(load.between(quiet))).toMatchObject({ failed: 0 })

    for (const watcher of watching) expect(await watcher.stop('SIGTERM')).toBe(0)
    expect(servers.some(holds)).toBe(false)
  },
)
