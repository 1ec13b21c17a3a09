/** Real servers drained, disabled and weighed by hand, with connections that live through it. */
import { expect } from 'vitest'
import type { DaemonSnapshot, DestinationSnapshot } from '../../src/observe/index.ts'
import { instance, VIRTUAL_ADDRESS, webService } from './configurations.ts'
import { lab } from './lab-test.ts'
import { type Host, until } from './library/index.ts'
import { natted } from './scenes.ts'

const WEB1 = '10.0.0.21 80'
const WEB2 = '10.0.0.22 80'
const service = (...realServers: readonly string[]) =>
  instance({ version: 3, priority: 100 }) + webService({ method: 'NAT', realServers })

const asked = async (client: Host): Promise<string> =>
  (await client.exec('curl', '-s', '-m', '2', `http://${VIRTUAL_ADDRESS}/`)).stdout.trim()
const six = async (client: Host): Promise<readonly string[]> => {
  const bodies: string[] = []
  for (let i = 0; i < 6; i++) bodies.push(await asked(client))
  return [...new Set(bodies)].sort()
}

/** A connection that is there and says nothing. */
const talks = (client: Host) =>
  client.spawn('talking', ['bash', '-c', `exec 3<>/dev/tcp/${VIRTUAL_ADDRESS}/80 && sleep 300`])
const first = ({ forwarding }: DaemonSnapshot): DestinationSnapshot | undefined =>
  forwarding?.services[0]?.destinations.find(({ address }) => address === '10.0.0.21')

lab('what is drained gets nothing new and keeps what it has, by hand or in a graceful reload', async (lab) => {
  const { client, directors, servers } = natted(lab)
  const director = directors[0]!
  await Promise.all(servers.map((host, i) => host.nginx({ listen: ['80'], body: `web${i + 1}` })))
  const daemon = await director.holdfastd(service(WEB1))
  const reload = async (text: string, ...options: readonly string[]) => {
    daemon.configure(text)
    expect((await daemon.holdfast('reload', ...options)).stdout).toBe('reloaded\n')
  }
  await director.holds(VIRTUAL_ADDRESS)
  await until('it answers', async () => (await asked(client)) === 'web1')

  const talking = talks(client)
  await daemon.shows('one connection is open', (snapshot) => first(snapshot)?.activeConnections === 1)
  await reload(service(WEB1, WEB2))
  await until('both serve', async () => (await six(client)).length === 2)

  const drain = daemon.holdfast('drain', '10.0.0.21:80', '--wait', '--reason', 'new disks')
  await daemon.shows('it is drained', (snapshot) => first(snapshot)?.weight === 0)
  expect(await six(client)).toEqual(['web2'])
  expect((await daemon.holdfast('status')).stdout).toMatch(/drained by root since \S+: new disks/)
  await reload(service(WEB1, WEB2))
  expect(await six(client)).toEqual(['web2'])
  await talking.stop('SIGTERM')
  expect((await drain).stdout).toBe('10.0.0.21:80 is drained\n')
  expect((await daemon.holdfast('undrain', '10.0.0.21:80')).stdout).toBe('10.0.0.21:80 is back in service\n')
  await until('both serve again', async () => (await six(client)).length === 2)

  const disable = await daemon.holdfast('disable', '10.0.0.22', '--service', `${VIRTUAL_ADDRESS}:80`, '--json')
  expect(JSON.parse(disable.stdout)).toEqual([
    { realServer: '10.0.0.22', virtualServer: `tcp/${VIRTUAL_ADDRESS}:80`, outcome: 'disabled' },
  ])
  const elsewhere = await daemon.holdfast('enable', '10.0.0.22:80')
  expect([elsewhere.status, elsewhere.stdout]).toEqual([
    1,
    `10.0.0.22:80 is still bound by the disable of 10.0.0.22 in tcp/${VIRTUAL_ADDRESS}:80\n`,
  ])
  await until('the first serves alone', async () => (await six(client)).join() === 'web1')
  const more = talks(client)
  await daemon.shows('one connection is open again', (snapshot) => first(snapshot)?.activeConnections === 1)
  await daemon.holdfast('enable', '10.0.0.22')
  await until('both serve once more', async () => (await six(client)).length === 2)

  await reload(service(WEB2), '--graceful')
  await daemon.shows('it leaves', (snapshot) => first(snapshot)?.weight === 0)
  expect(await six(client)).toEqual(['web2'])
  await more.stop('SIGTERM')
  await daemon.shows('it has left', (snapshot) => first(snapshot) === undefined)
  expect((await daemon.status()).virtualServers[0]?.realServers.length).toBe(1)
})
