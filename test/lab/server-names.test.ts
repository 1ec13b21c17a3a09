/** Real servers by name, of a real name server: they come and go with its records, and stay while it says nothing. */
import { expect } from 'vitest'
import type { DaemonSnapshot } from '../../src/observe/index.ts'
import { instance, REUSED_PORTS, VIRTUAL_ADDRESS, webService } from './configurations.ts'
import { lab } from './lab-test.ts'
import { type Host, nowMillis, summary, until } from './library/index.ts'
import { directRouting } from './scenes.ts'

const weights = ({ forwarding }: DaemonSnapshot, port = 80): string =>
  (forwarding?.services.find(({ key }) => key.endsWith(`:${port}`))?.destinations ?? [])
    .map(({ address, weight }) => `${address}=${weight}`)
    .toSorted()
    .join(' ')

/** dnsmasq on the host's first address, with these lines of its configuration and records that count for a second. */
function nameServer(host: Host, address: string, ...records: readonly string[]) {
  const file = host.file(
    'dnsmasq.conf',
    ['no-resolv', 'no-hosts', 'bind-interfaces', `listen-address=${address}`, 'local=/test/', 'local-ttl=1', ...records]
      .map((line) => `${line}\n`)
      .join(''),
  )
  return host.spawn('dnsmasq', ['dnsmasq', '--keep-in-foreground', `--conf-file=${file}`, '--pid-file', '--user=root'])
}

lab('servers come and go with the records of a name, stay while nobody answers, and no request fails', async (lab) => {
  const { client, sources, directors, servers } = directRouting(lab, { directors: 1 })
  const [director] = directors as [Host]
  const [resolver] = sources as [string]
  await Promise.all(servers.map((host, i) => host.nginx({ listen: ['80'], body: `web${i + 1}` })))
  const service = (source: string) =>
    webService({
      method: 'DR',
      realServers: [source],
      checker: ['weight 5', 'ttl_min 1', 'TCP_CHECK {', '  connect_timeout 1', '  retry 0', '  connect_port 80', '}'],
    })
  const daemon = await director.holdfastd(
    [
      `global_defs {\n  nameserver ${resolver}\n}\n`,
      REUSED_PORTS,
      instance({ version: 3, advertInt: 0.1, priority: 100 }),
      service('dns web.test'),
      service('srv _http._tcp.test').replace(' 80 {', ' 81 {'),
    ].join(''),
  )
  // Nobody answers yet, and nothing waits for that.
  await director.holds(VIRTUAL_ADDRESS)
  const isUnanswered = ({ problem }: { problem?: string }) => problem?.includes('192.0.2.201:53: ') === true
  await daemon.shows('nobody answers', (s) => s.serverSources?.filter(isUnanswered).length === 2)

  const first = nameServer(client, resolver, 'host-record=web.test,192.0.2.21')
  await daemon.shows(
    'the first is in, and checked',
    (s) => weights(s) === '192.0.2.21=5' && s.virtualServers[0]?.realServers[0]?.state === 'up',
  )
  const load = await client.load(`http://${VIRTUAL_ADDRESS}/`, { sources, every: 10, timeout: 10_000 })
  await until('it serves', () => summary(load.requests).byServer.size === 1)
  const since = (s: DaemonSnapshot) => s.virtualServers[0]?.realServers[0]?.since
  const before = since(await daemon.status())
  const told = await daemon.shows(
    'the service is said not to exist',
    (s) => s.serverSources?.[1]?.problem?.includes('not exist') === true,
  )
  expect(told).toMatchObject({
    serverSources: [
      { name: 'web.test', records: 'A', servers: 1 },
      { name: '_http._tcp.test', records: 'SRV', servers: 0, problem: '_http._tcp.test does not exist' },
    ],
    virtualServers: [{ realServers: [{ address: '192.0.2.21', hostName: 'web.test', state: 'up' }] }, {}],
  })
  expect((await daemon.holdfast('status')).stdout).toContain('SRV _http._tcp.test cannot be used, 0 servers known')

  await first.stop()
  await daemon.shows('nobody answers any more', (s) => s.serverSources?.[0]?.problem !== undefined)
  expect(weights(await daemon.status())).toBe('192.0.2.21=5')

  const second = nameServer(
    client,
    resolver,
    'host-record=web.test,192.0.2.21',
    'host-record=web.test,192.0.2.22',
    'host-record=api.test,192.0.2.22',
    'srv-host=_http._tcp.test,web.test,80,10,0',
    'srv-host=_http._tcp.test,api.test,80,0,7',
  )
  await daemon.shows('both are in', (s) => weights(s) === '192.0.2.21=5 192.0.2.22=5')
  await daemon.shows('the preferred one is in, with its weight', (s) => weights(s, 81) === '192.0.2.22=7')
  await until('both serve', () => summary(load.requests).byServer.size === 2)
  expect(since(await daemon.status())).toBe(before)

  await second.stop()
  nameServer(client, resolver, 'host-record=web.test,192.0.2.22')
  await daemon.shows('the first has left', (s) => weights(s) === '192.0.2.22=5')
  const alone = nowMillis()
  await until('the second serves alone', () => load.between(alone).length > 50)
  expect([...summary(load.between(alone)).byServer.keys()]).toEqual(['web2'])
  await daemon.shows(
    'its service is gone, and nobody minds',
    (s) => s.serverSources?.[1]?.problem?.includes('not exist') === true,
  )
  expect(weights(await daemon.status(), 81)).toBe('192.0.2.22=7')

  expect(summary(load.requests).failed).toBe(0)

  expect((await daemon.holdfast('drain', 'web.test', '--reason', 'moves')).stdout).toBe(
    'web.test takes no new connections\n',
  )
  await daemon.shows('whoever has the name is drained', (s) => weights(s) === '192.0.2.22=0')
  expect((await daemon.holdfast('why', 'web.test')).stdout).toMatch(
    /^192\.0\.2\.22:80 \(web\.test\) of \S+ has weight 0 and takes no new connections: it is drained\.\n.*\n.*drained by root since .*: moves\.\nIts tcp check counts as up; /,
  )
  expect((await daemon.holdfast('undrain', 'web.test')).stdout).toBe('web.test is back in service\n')
  await daemon.shows('it is back', (s) => weights(s) === '192.0.2.22=5')
})
