/** `holdfast rollout` over four real servers, under the load of wrk. */
import { existsSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS, webService } from './configurations.ts'
import { lab } from './lab-test.ts'
import { type Holdfastd, type Host, type LabProcess, until } from './library/index.ts'
import { directRouting } from './scenes.ts'

const HOLDFAST = resolve(import.meta.dirname, '../../bin/holdfast')

const addresses = [21, 22, 23, 24].map((last) => `192.0.2.${last}`)
// A client that uses a port again comes to the server of its last connection, drained or not, unless told otherwise.
const configuration = (checker: readonly string[], count = addresses.length): string =>
  'lvs_settings {\n  expire_nodest_conn 1\n}\n' +
  instance({ version: 3, advertInt: 0.1, priority: 100 }) +
  webService({ method: 'DR', realServers: addresses.slice(0, count).map((address) => `${address} 80`), checker })
// On a busy machine a connection may take its time, and that is no failure of the server.
const text = configuration(['weight 1', 'TCP_CHECK {', '  connect_timeout 10', '  retry 0', '}'])
const words = ['rollout', '--service', `${VIRTUAL_ADDRESS}:80`, '--check-timeout', '60s', '--deadline', '60s']

/** The whole command: with its bound of a minute `holdfast` is for what answers at once. */
function rollOut(daemon: Holdfastd, command: string): LabProcess {
  const argv = [HOLDFAST, ...words, '--command', command, '--run-dir', daemon.runDirectory]
  return daemon.host.spawn('rollout', [process.execPath, ...argv])
}

/** Deploys what the command asks for, in this process: the old server goes, the new one has another page. */
function deployer(hosts: readonly Host[], old: readonly LabProcess[], exits: (address: string) => number) {
  const directory = hosts[0]?.directory ?? ''
  const file = (address: string, kind: string) => `${directory}/${address}.${kind}`
  let ended = false
  const working = (async () => {
    for (const [i, address] of addresses.entries()) {
      await until('the next is asked for', () => ended || existsSync(file(address, 'wanted')), { within: 60_000 })
      if (ended) return
      await old[i]?.stop('SIGTERM')
      await hosts[i]?.nginx({ listen: ['80'], body: 'new' })
      writeFileSync(file(address, 'done'), String(exits(address)))
    }
  })()
  return {
    command: `touch ${directory}/{server}.wanted; until [ -s ${directory}/{server}.done ]; do sleep 0.1; done; exit $(cat ${directory}/{server}.done)`,
    async end() {
      ended = true
      await working
    },
  }
}

const serving = async (daemon: Holdfastd): Promise<readonly string[]> => {
  const { forwarding } = await daemon.status()
  const destinations = forwarding?.services[0]?.destinations ?? []
  return destinations
    .filter(({ weight }) => weight > 0)
    .map(({ address }) => String(address))
    .sort()
}

lab(
  'four servers, one after the other: not a request fails',
  async (lab) => {
    const { client, directors, servers } = directRouting(lab, { directors: 1, servers: 4 })
    const old = await Promise.all(servers.map((host) => host.nginx({ listen: ['80'], body: 'old' })))
    const daemon = await directors[0]!.holdfastd(text)
    await directors[0]!.holds(VIRTUAL_ADDRESS)
    await until('all four serve', async () => (await serving(daemon)).length === 4)

    const plan = await daemon.holdfast(...words, '--command', 'deploy {server}:{port}', '--dry-run')
    expect(plan.stdout.match(/^ {3}deploy 192\.0\.2\.2[1-4]:80$/gm)).toHaveLength(4)
    expect(await daemon.holdfast(...words, '--command', 'true', '--service', '192.0.2.77:80')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(`no such service; there are ${VIRTUAL_ADDRESS}:80`),
    })

    const wrk = client.spawn('wrk', [
      'wrk',
      '-t1',
      '-c4',
      '-d300s',
      '-H',
      'Connection: close',
      '--latency',
      `http://${VIRTUAL_ADDRESS}/`,
    ])
    const { command, end } = deployer(servers, old, () => 0)
    const rolled = rollOut(daemon, command)
    const status = await rolled.end(100_000)
    await end()
    expect({ status, said: rolled.output }).toEqual({ status: 0, said: expect.stringContaining('4 real servers done') })
    await until('all four serve again', async () => (await serving(daemon)).length === 4)
    // It tells what it has counted when it is interrupted.
    await wrk.stop('SIGINT')
    expect(wrk.output).toMatch(/[1-9]\d* requests in/)
    expect(wrk.output).not.toMatch(/Socket errors|Non-2xx/)
    expect((await client.exec('curl', '-s', `http://${VIRTUAL_ADDRESS}/`)).stdout).toBe('new\n')
  },
  120_000,
)

lab(
  'the third fails: it is left out, three are in service',
  async (lab) => {
    const { directors, servers } = directRouting(lab, { directors: 1, servers: 4 })
    const old = await Promise.all(servers.map((host) => host.nginx({ listen: ['80'], body: 'old' })))
    const daemon = await directors[0]!.holdfastd(text)
    await until('all four serve', async () => (await serving(daemon)).length === 4)
    const { command, end } = deployer(servers, old, (address) => (address === '192.0.2.23' ? 3 : 0))
    const rolled = rollOut(daemon, command)
    const status = await rolled.end(100_000)
    await end()
    expect({ status, said: rolled.output }).toEqual({
      status: 1,
      said: expect.stringContaining('the command ended with 3'),
    })
    expect(rolled.output).toContain('stopped; 192.0.2.23:80 is left out, 3 others are in service')
    const others = ['192.0.2.21', '192.0.2.22', '192.0.2.24']
    await until('the others serve', async () => (await serving(daemon)).join() === others.join())
    expect(await daemon.holdfast(...words, '--command', 'true')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('192.0.2.23:80: not in service'),
    })
  },
  120_000,
)

lab('right after a start it waits for the first results of the checks', async (lab) => {
  const { directors } = directRouting(lab, { directors: 1, servers: 2 })
  const director = directors[0]!
  const answered = `${director.directory}/answered`
  const check = director.file('check.sh', `until [ -e ${answered} ]; do sleep 0.1; done\n`)
  const daemon = await director.holdfastd(
    configuration(['weight 1', 'MISC_CHECK {', `  misc_path "/bin/sh ${check}"`, '  misc_timeout 60', '}'], 2),
  )
  await until('both serve, as nothing is known of them', async () => (await serving(daemon)).length === 2)
  const rolled = rollOut(daemon, 'true')
  await rolled.line(/not checked yet; waiting/)
  writeFileSync(answered, '')
  expect({ status: await rolled.end(40_000), said: rolled.output }).toEqual({
    status: 0,
    said: expect.stringContaining('2 real servers done'),
  })
})
