/** Checkers in the whole daemon: what is configured is asked, what is found moves the table and runs the scripts. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import type { DaemonSnapshot } from '../../src/observe/index.ts'
import { lab } from '../lab/lab-test.ts'
import { type Host, until } from '../lab/library/index.ts'

const VIP = '192.0.2.100'
const WELL = createHash('md5').update('well\n').digest('hex')

const server = ({ virtualServers }: DaemonSnapshot) => virtualServers[0]?.realServers[0]
const weights = ({ forwarding }: DaemonSnapshot): Record<string, number> =>
  Object.fromEntries(
    (forwarding?.services[0]?.destinations ?? []).map(({ address, port, weight }) => [`${address}:${port}`, weight]),
  )

/** A command that appends a word to a file of the host. */
const script = (host: Host, word: string): string => {
  const path = host.file(`${word}.sh`, `#!/bin/sh\necho ${word} >> ${host.directory}/words\n`)
  host.exec('chmod', '755', path)
  return path
}
const words = (host: Host): string[] => {
  try {
    return readFileSync(`${host.directory}/words`, 'utf8').trim().split('\n')
  } catch {
    return []
  }
}

lab('HTTP_GET, from the configuration to table, sorry server, scripts and status', async (lab) => {
  const lan = lab.segment()
  const director = lab.host('director', { eth0: { segment: lan, addresses: ['192.0.2.11/24', '192.0.2.12/24'] } })
  const web = lab.host('web', { eth0: { segment: lan, addresses: ['192.0.2.21/24'] } })
  const page = (body: string) => web.nginx({ listen: ['8080'], body, locations: 'location /other { return 418; }' })
  let nginx = await page('well')
  const wire = await web.capture('tcp dst port 8080')
  const daemon = await director.holdfastd(`global_defs {
  script_user root
}
virtual_server ${VIP} 80 {
  delay_loop 0.2
  lb_algo rr
  lb_kind NAT
  protocol TCP
  sorry_server 192.0.2.99 80
  quorum_up "${script(director, 'quorum-up')}"
  quorum_down "${script(director, 'quorum-down')}"
  real_server 192.0.2.21 80 {
    weight 3
    notify_up "${script(director, 'up')}"
    notify_down "${script(director, 'down')}"
    HTTP_GET {
      url {
        path /
        digest ${WELL}
        status_code 200
      }
      url {
        path /other
        status_code 418
      }
      connect_port 8080
      connect_timeout 1
      bindto 192.0.2.12
      bind_if eth0
      fwmark 7
      nb_get_retry 1
      delay_before_retry 0.1
      warmup 0
    }
  }
}
`)
  await daemon.shows(
    'the server is up after both urls',
    (s) => server(s)?.state === 'up' && weights(s)['192.0.2.21:80'] === 3,
  )
  // The quorum was gained at the start; the server was presumed up all the time.
  await until('the script has run', () => words(director).length === 1)
  expect(words(director)).toEqual(['quorum-up'])
  expect(wire.frames.length).toBeGreaterThan(0)
  const peers = await web.exec('ss', '-Htn', 'state', 'time-wait', 'sport', '=', ':8080')
  expect(peers.stdout).toContain('192.0.2.12:')
  expect(peers.stdout).not.toContain('192.0.2.11:')

  await nginx.stop()
  const refused = await daemon.shows(
    'the server is down, the sorry server serves',
    (s) => server(s)?.state === 'down' && weights(s)['192.0.2.99:80'] === 1,
  )
  expect(weights(refused)).toEqual({ '192.0.2.99:80': 1 })
  expect(server(refused)?.reason).toMatch(/^HTTP_GET 192\.0\.2\.21:8080\/(other)?: connection refused$/)
  expect(refused.virtualServers[0]).toMatchObject({ quorum: 'down', sorryServerInUse: true })
  await until('the scripts have run', () => words(director).length === 3)
  expect([...words(director)].sort()).toEqual(['down', 'quorum-down', 'quorum-up'])

  nginx = await page('ill')
  await daemon.shows('a page with another digest', (s) => server(s)?.checkers[0]?.lastOutcome === 'digest-mismatch')
  await nginx.stop()
  nginx = await page('well')
  const well = await daemon.shows(
    'the server is up again',
    (s) => server(s)?.state === 'up' && weights(s)['192.0.2.21:80'] === 3,
  )
  expect(weights(well)).toEqual({ '192.0.2.21:80': 3 })
  expect(server(well)).not.toHaveProperty('reason')
  await until('the scripts have run', () => words(director).length === 5)
  expect([...words(director)].sort()).toEqual(['down', 'quorum-down', 'quorum-up', 'quorum-up', 'up'])
  expect(await daemon.stop()).toBe(0)
})

lab('a checker role that dies keeps what it knew: no script runs twice, the table stands still', async (lab) => {
  const lan = lab.segment()
  const director = lab.host('director', { eth0: { segment: lan, addresses: ['192.0.2.11/24'] } })
  const web = lab.host('web', { eth0: { segment: lan, addresses: ['192.0.2.21/24', '192.0.2.22/24'] } })
  await web.nginx({ listen: ['192.0.2.21:80'], body: 'well' })
  const daemon = await director.holdfastd(`global_defs {
  script_user root
}
virtual_server ${VIP} 80 {
  delay_loop 0.2
  warmup 0
  lb_algo rr
  lb_kind NAT
  protocol TCP
${[21, 22]
  .map(
    (n) => `  real_server 192.0.2.${n} 80 {
    weight 1
    notify_up "${script(director, `up-${n}`)}"
    notify_down "${script(director, `down-${n}`)}"
    TCP_CHECK {
      connect_timeout 1
      retry 0
    }
  }
`,
  )
  .join('')}}
`)
  const table = { '192.0.2.21:80': 1 }
  await daemon.shows('one server is up and one is down', (s) => JSON.stringify(weights(s)) === JSON.stringify(table))
  await until('the script has run', () => words(director).length === 1)
  const before = await daemon.killRole('checker')
  const after = await daemon.shows('another checker has probed', (s) => {
    const role = s.roles.find((entry) => entry.role === 'checker')
    const probed = s.virtualServers[0]?.realServers.every(({ checkers }) => checkers[0]?.lastProbe !== undefined)
    return role?.state === 'running' && role.pid !== before && probed === true
  })
  expect(weights(after)).toEqual(table)
  expect(after.virtualServers[0]?.realServers.map(({ state }) => state)).toEqual(['up', 'down'])
  expect(words(director)).toEqual(['down-22'])
  await daemon.stop()
})
