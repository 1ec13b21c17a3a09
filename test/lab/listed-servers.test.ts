/** Real servers that a file lists: they come, change their weights and go, and no client notices. */
import { renameSync } from 'node:fs'
import { expect } from 'vitest'
import type { DaemonSnapshot } from '../../src/observe/index.ts'
import { instance, REUSED_PORTS, VIRTUAL_ADDRESS, webService } from './configurations.ts'
import { lab } from './lab-test.ts'
import { type Host, nowMillis, summary, until } from './library/index.ts'
import { directRouting } from './scenes.ts'

const weights = ({ forwarding }: DaemonSnapshot): string =>
  (forwarding?.services[0]?.destinations ?? [])
    .map(({ address, weight }) => `${address}=${weight}`)
    .toSorted()
    .join(' ')

lab('servers come and go with the file that lists them, and no request fails', async (lab) => {
  const { client, sources, directors, servers } = directRouting(lab, { directors: 1 })
  const [director] = directors as [Host]
  await Promise.all(servers.map((host, i) => host.nginx({ listen: ['80'], body: `web${i + 1}` })))
  const list = `${director.directory}/web.yaml`
  const write = (...lines: readonly string[]) => {
    director.file('web.new', lines.map((line) => `- ${line}\n`).join(''))
    renameSync(`${director.directory}/web.new`, list)
  }
  write('192.0.2.21')
  const service = webService({ method: 'DR', realServers: [`file ${list}`] })
  const daemon = await director.holdfastd(
    REUSED_PORTS + instance({ version: 3, advertInt: 0.1, priority: 100 }) + service,
  )
  await director.holds(VIRTUAL_ADDRESS)
  await daemon.shows('the first is in', (s) => weights(s) === '192.0.2.21=1')
  const load = await client.load(`http://${VIRTUAL_ADDRESS}/`, { sources, every: 10, timeout: 10_000 })
  await until('it serves', () => summary(load.requests).byServer.size === 1)
  const checked = (s: DaemonSnapshot) => s.virtualServers[0]?.realServers[0]?.since
  const since = checked(await daemon.status())

  write('192.0.2.21', '{ address: 192.0.2.22, weight: 3 }')
  await daemon.shows('both are in', (s) => weights(s) === '192.0.2.21=1 192.0.2.22=3')
  await daemon.shows(
    'both are checked',
    (s) => s.virtualServers[0]?.realServers.every(({ checkers }) => checkers[0]?.lastProbe !== undefined) === true,
  )
  await until('both serve', () => summary(load.requests).byServer.size === 2)
  expect(checked(await daemon.status())).toBe(since)

  write('192.0.2.21', 'web2.example.com')
  const told = await daemon.shows('nonsense is told of', (s) => s.serverSources?.[0]?.problem !== undefined)
  expect(told.serverSources).toEqual([
    { file: list, servers: 2, problem: `${list}:2:3: 'web2.example.com' is not an IPv4 or IPv6 address` },
  ])
  expect(weights(told)).toBe('192.0.2.21=1 192.0.2.22=3')
  expect((await daemon.holdfast('status')).stdout).toContain(`${list} cannot be used, 2 servers known`)

  write('192.0.2.22')
  await daemon.shows('the first has left', (s) => weights(s) === '192.0.2.22=1')
  const alone = nowMillis()
  await until('the second serves alone', () => load.between(alone).length > 50)
  expect([...summary(load.between(alone)).byServer.keys()]).toEqual(['web2'])
  expect((await daemon.status()).virtualServers[0]?.realServers).toHaveLength(1)
  expect(summary(load.requests).failed).toBe(0)
})
