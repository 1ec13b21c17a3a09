/** The forwarding table worked on by hand: without a daemon, beside one, and after it. */
import { join } from 'node:path'
import { expect } from 'vitest'
import { VIRTUAL_ADDRESS, webService } from './configurations.ts'
import { lab } from './lab-test.ts'
import { type Host, nowMillis, summary, until } from './library/index.ts'
import { repositoryRoot } from './library/root.ts'
import { directRouting } from './scenes.ts'

/** `holdfast ipvsadm` on a host, over the table that its daemon keeps or would keep; what it printed. */
async function ipvsadm(host: Host, words: string): Promise<string> {
  const place = ['--run-dir', join(host.directory, 'holdfast')]
  const command = [process.execPath, join(repositoryRoot, 'bin/holdfast'), 'ipvsadm', ...place]
  const { status, stdout, stderr } = await host.exec(...command, ...words.split(' '))
  expect({ words, status, stderr }).toEqual({ words, status: 0, stderr: '' })
  return stdout
}

const service = `-t ${VIRTUAL_ADDRESS}:80`
const saved = (weight: number): string =>
  [
    `-A ${service} -s rr`,
    `-a ${service} -r 192.0.2.21:80 -g -w 1`,
    `-a ${service} -r 192.0.2.22:80 -g -w ${weight}`,
    '',
  ].join('\n')

lab('a service made by hand serves without a daemon, and stays through the whole life of one', async (lab) => {
  const { client, sources, directors, servers } = directRouting(lab, { directors: 1 })
  const [director] = directors as [Host]
  for (const [i, host] of servers.entries()) await host.nginx({ listen: ['80', '8080'], body: `web${i + 1}` })
  director.ip('addr', 'add', `${VIRTUAL_ADDRESS}/32`, 'dev', 'eth0')
  await ipvsadm(director, `-A ${service} -s rr`)
  await ipvsadm(director, `-a ${service} -r 192.0.2.21 -g`)
  await ipvsadm(director, `-a ${service} -r 192.0.2.22 -g`)
  expect(await ipvsadm(director, '-S -n')).toBe(saved(1))

  const load = await client.load(`http://${VIRTUAL_ADDRESS}/`, { sources, every: 10 })
  const served = async (since: number, by: readonly string[]) => {
    const byServer = () => [...summary(load.between(since)).byServer.keys()].sort()
    await until(`requests are served by ${by}`, () => byServer().join() === by.join())
  }
  const begun = nowMillis()
  await served(begun, ['web1', 'web2'])
  expect(await ipvsadm(director, '-L -n --stats')).toMatch(/-> 192\.0\.2\.21:80 {13,}[1-9]/)

  const configured = webService({ method: 'DR', realServers: ['192.0.2.21 8080', '192.0.2.22 8080'] })
  const daemon = await director.holdfastd(configured.replace(`${VIRTUAL_ADDRESS} 80`, `${VIRTUAL_ADDRESS} 8080`))
  const keys = (services: readonly { readonly key: string }[] = []) => services.map(({ key }) => key).sort()
  const both = [`tcp/${VIRTUAL_ADDRESS}:80`, `tcp/${VIRTUAL_ADDRESS}:8080`]
  await daemon.shows('both services', ({ forwarding }) => keys(forwarding?.services).join() === both.join())
  const underDaemon = nowMillis()
  await served(underDaemon, ['web1', 'web2'])

  await ipvsadm(director, `-e ${service} -r 192.0.2.22 -g -w 0`)
  // What was begun before may still be under way.
  await until('only the first serves', async () => {
    const since = nowMillis()
    await until('some requests', () => load.between(since).length > 30)
    return [...summary(load.between(since)).byServer.keys()].join() === 'web1'
  })
  const { status } = await daemon.holdfast('reload')
  expect(status).toBe(0)
  expect(await ipvsadm(director, '-S -n')).toContain(saved(0))
  expect(await ipvsadm(director, '-L --exits')).toMatch(/[1-9]\d* forwarded/)

  await daemon.stop()
  expect(await ipvsadm(director, '-S -n')).toBe(saved(0))
  const after = nowMillis()
  await until('requests after it', () => load.between(after).length > 50)
  expect(summary(load.between(begun))).toMatchObject({ failed: 0 })

  await ipvsadm(director, '-C')
  expect(await ipvsadm(director, '-S')).toBe('')
})

lab('commands by hand wait for each other, and none is lost', async (lab) => {
  const { directors } = directRouting(lab, { directors: 1, servers: 1 })
  const [director] = directors as [Host]
  const ports = [81, 82, 83, 84]
  await Promise.all(ports.map((port) => ipvsadm(director, `-A -t ${VIRTUAL_ADDRESS}:${port} -s rr`)))
  expect(await ipvsadm(director, '-S -n')).toBe(
    ports.map((port) => `-A -t ${VIRTUAL_ADDRESS}:${port} -s rr\n`).join(''),
  )
})
