/**
 * How operators take a real server out for work and give it back: remove the page that HTTP_GET asks for, wait until the
 * server is out of the pool, work, put the page back. No client notices: with inhibit_on_failure it stays in the table with
 * weight 0, so that requests that are on their way end as they began.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { DaemonSnapshot } from '../../src/observe/index.ts'
import { instance, VIRTUAL_ADDRESS, webService } from './configurations.ts'
import { lab } from './lab-test.ts'
import { type Host, nowMillis, summary, until } from './library/index.ts'
import { directRouting } from './scenes.ts'

const weights = ({ forwarding }: DaemonSnapshot): string =>
  (forwarding?.services[0]?.destinations ?? [])
    .map(({ address, weight }) => `${address}=${weight}`)
    .toSorted()
    .join(' ')
const ofWeb1 = ({ virtualServers }: DaemonSnapshot) => virtualServers[0]?.realServers[0]

lab(
  'the check file goes, the server leaves the pool without a failed request; the file is back, and so is the server',
  async (lab) => {
    const { client, sources, directors, servers } = directRouting(lab, { directors: 1 })
    const [director] = directors as [Host]
    const [web1] = servers as [Host, Host]
    for (const [i, host] of servers.entries()) {
      // Workers run as nobody.
      await host.exec('chmod', '755', host.directory)
      host.file('check.html', 'in service\n')
      await host.nginx({
        listen: ['80'],
        body: `web${i + 1}`,
        locations: `location = /check.html { root ${host.directory}; }`,
      })
    }
    const checker = ['weight 1', 'delay_loop 0.3', 'HTTP_GET {', 'url {', 'path /check.html', 'status_code 200', '}']
    const service = webService({
      method: 'DR',
      realServers: ['192.0.2.21 80', '192.0.2.22 80'],
      more: ['inhibit_on_failure'],
      checker: [...checker, 'connect_timeout 1', 'retry 1', 'delay_before_retry 0.1', 'warmup 0', '}'],
    })
    const daemon = await director.holdfastd(instance({ version: 3, advertInt: 0.1, priority: 100 }) + service)
    await director.holds(VIRTUAL_ADDRESS)
    await daemon.shows('both are checked', (s) => ofWeb1(s)?.checkers[0]?.lastOutcome === 'accepted')
    const load = await client.load(`http://${VIRTUAL_ADDRESS}/`, { sources, every: 10 })
    const script = join(import.meta.dirname, 'wrk-report.lua')
    const closing = ['-H', 'Connection: close', '-s', script]
    const wrk = client.exec('wrk', '-t1', '-c4', '-d6s', ...closing, `http://${VIRTUAL_ADDRESS}/`)
    await until('both serve', () => summary(load.requests).byServer.size === 2)

    rmSync(`${web1.directory}/check.html`)
    const gone = await daemon.shows('web1 is out', (s) => weights(s) === '192.0.2.21=0 192.0.2.22=1')
    expect(ofWeb1(gone)).toMatchObject({
      state: 'down',
      reason: 'HTTP_GET 192.0.2.21:80/check.html: expected status 200, got 404',
    })
    const out = nowMillis()
    await until('requests without it', () => load.between(out + 100).length > 100)
    expect([...summary(load.between(out + 100)).byServer.keys()]).toEqual(['web2'])

    web1.file('check.html', 'in service\n')
    await daemon.shows('web1 is in', (s) => weights(s) === '192.0.2.21=1 192.0.2.22=1')
    const back = nowMillis()
    await until('it serves again', () => summary(load.between(back)).byServer.has('web1'))
    expect(summary(load.requests).failed).toBe(0)
    const said = JSON.parse((await wrk).stdout.trim().split('\n').at(-1) ?? '{}')
    expect(said).toMatchObject({ connect: 0, read: 0, write: 0, timeout: 0, status: 0 })
    expect(said.requests).toBeGreaterThan(100)
  },
)
