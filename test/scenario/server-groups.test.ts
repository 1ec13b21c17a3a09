/** A virtual_server_group whose addresses change while its servers are what they are. */
import { join } from 'node:path'
import { expect } from 'vitest'
import type { DaemonSnapshot } from '../../src/observe/index.ts'
import { lab } from '../lab/lab-test.ts'
import { FifoListener, until } from '../lab/library/index.ts'

const first = '192.0.2.100'
const second = '192.0.2.101'

const weights = ({ forwarding }: DaemonSnapshot): string =>
  (forwarding?.services ?? [])
    .map(({ key, destinations }) =>
      [key, ...destinations.map((one) => `${one.address}=${one.weight}`).toSorted()].join(' '),
    )
    .toSorted()
    .join('; ')
const ports = ({ forwarding }: DaemonSnapshot): string =>
  (forwarding?.services ?? [])
    .map(({ key, destinations }) => [key, ...destinations.map((one) => `${one.address}:${one.port}`)].join(' '))
    .toSorted()
    .join('; ')
const states = ({ virtualServers }: DaemonSnapshot) =>
  virtualServers.flatMap(({ realServers }) => realServers.map(({ state, orders = [] }) => `${state} ${orders.length}`))

lab(
  'a group whose addresses change keeps verdicts and orders, and nobody hears of it, also after a restart',
  async (lab) => {
    const lan = lab.segment()
    const director = lab.host('director', { eth0: { segment: lan, addresses: ['192.0.2.11/24'] } })
    const web = lab.host('web', { eth0: { segment: lan, addresses: ['192.0.2.21/24', '192.0.2.22/24'] } })
    const nginx = await web.nginx({ listen: ['192.0.2.21:80', '192.0.2.22:80'], body: 'web' })
    const fifo = join(director.directory, 'lvs.fifo')
    const configuration = (...addresses: readonly string[]) => `global_defs {
  lvs_notify_fifo ${fifo}
}
virtual_server_group WEB {
${addresses.map((address) => `  ${address} 80\n`).join('')}}
virtual_server group WEB {
  delay_loop 0.5
  lb_algo rr
  lb_kind NAT
  protocol TCP
${['192.0.2.21', '192.0.2.22', '192.0.2.23']
  .map((at) => `  real_server ${at} 80 {\n    TCP_CHECK {\n      connect_timeout 0.5\n      retry 0\n    }\n  }\n`)
  .join('')}}
`
    const listener = new FifoListener(fifo)
    try {
      const daemon = await director.holdfastd(configuration(first))
      await daemon.shows('the third is down', (s) => states(s).join() === 'up 0,up 0,down 0')
      await daemon.holdfast('drain', '192.0.2.21:80', '--service', 'WEB')
      const alone = `tcp/${first}:80 192.0.2.21=0 192.0.2.22=1`
      await daemon.shows('the first is drained', (s) => weights(s) === alone)
      await until('the FIFO was told of both', () => listener.text.split('\n').length === 3)
      const told = listener.text

      for (const [addresses, table] of [
        [[second, first], `tcp/${first}:80 192.0.2.21=0 192.0.2.22=1; tcp/${second}:80 192.0.2.21=0 192.0.2.22=1`],
        [[second], `tcp/${second}:80 192.0.2.21=0 192.0.2.22=1`],
      ] as const) {
        daemon.configure(configuration(...addresses))
        expect((await daemon.holdfast('reload')).stdout).toBe('reloaded\n')
        const now = await daemon.shows('the table has these addresses', (s) => weights(s) === table)
        expect(states(now)).toEqual(['up 1', 'up 0', 'down 0'])
      }
      await nginx.stop()
      await daemon.shows('all are down', (s) => states(s).join() === 'down 1,down 0,down 0')
      await until('the FIFO was told', () => listener.text.includes('VS [WEB]:0 DOWN'))
      const line = (words: string) => `${words} [WEB]:0 DOWN`
      expect(told.trim().split('\n').toSorted()).toEqual([line('RS [192.0.2.23]:tcp:80'), 'VS [WEB]:0 UP'])
      expect(listener.text.slice(told.length).trim().split('\n').toSorted()).toEqual([
        line('RS [192.0.2.21]:tcp:80'),
        line('RS [192.0.2.22]:tcp:80'),
        'VS [WEB]:0 DOWN',
      ])

      daemon.configure(configuration(first, second))
      expect(await daemon.stop()).toBe(0)
      await daemon.restart()
      expect(states(await daemon.status())[0]).toMatch(/ 1$/)
      const undrained = await daemon.holdfast('undrain', '192.0.2.21:80', '--service', `${second}:80`)
      expect(undrained.stdout).toContain('192.0.2.21:80')
      expect(states(await daemon.status())[0]).toMatch(/ 0$/)
    } finally {
      listener.close()
    }
  },
)

lab(
  'a group whose ports change keeps what is known of servers by direct routing, and nobody hears of it',
  async (lab) => {
    const lan = lab.segment()
    const director = lab.host('director', { eth0: { segment: lan, addresses: ['192.0.2.11/24'] } })
    const web = lab.host('web', { eth0: { segment: lan, addresses: ['192.0.2.21/24'] } })
    await web.nginx({ listen: ['192.0.2.21:80'], body: 'web' })
    const fifo = join(director.directory, 'lvs.fifo')
    const configuration = (...entries: readonly string[]) => `global_defs {
  lvs_notify_fifo ${fifo}
}
virtual_server_group WEB {
${entries.map((entry) => `  ${entry}\n`).join('')}}
virtual_server group WEB {
  delay_loop 0.5
  lb_algo rr
  lb_kind DR
  protocol TCP
${['192.0.2.21', '192.0.2.22']
  .map((at) => `  real_server ${at} 80 {\n    TCP_CHECK {\n      connect_timeout 0.5\n      retry 0\n    }\n  }\n`)
  .join('')}}
`
    const listener = new FifoListener(fifo)
    try {
      const daemon = await director.holdfastd(configuration(`${first} 80`))
      const since = ({ virtualServers }: DaemonSnapshot) =>
        virtualServers.flatMap(({ realServers }) => realServers.map(({ state, since: at }) => `${state} ${at}`))
      await until('the FIFO was told of both', () => listener.text.split('\n').length === 3)
      const told = listener.text
      const before = since(await daemon.shows('the second is down', (s) => states(s).join() === 'up 0,down 0'))

      for (const [entries, table] of [
        [[`${first} 80`, `${second} 443`], `tcp/${first}:80 192.0.2.21:80; tcp/${second}:443 192.0.2.21:443`],
        [[`${first} 443`], `tcp/${first}:443 192.0.2.21:443`],
      ] as const) {
        daemon.configure(configuration(...entries))
        expect((await daemon.holdfast('reload')).stdout).toBe('reloaded\n')
        const now = await daemon.shows('the table has these ports', (s) => ports(s) === table)
        expect(since(now)).toEqual(before)
        const shown = await daemon.holdfast('status')
        expect(shown.stdout).toContain('192.0.2.21:80 dr')
      }
      expect(listener.text).toBe(told)
    } finally {
      listener.close()
    }
  },
)
