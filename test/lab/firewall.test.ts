/** What virtual routers drop (no_accept, strict mode), and what a virtual MAC must not say: nftables beside keepalived's. */
import { expect } from 'vitest'
import type { DaemonSnapshot } from '../../src/observe/index.ts'
import { instance, VIRTUAL_ADDRESS, VIRTUAL_ADDRESS_6, webService } from './configurations.ts'
import { lab } from './lab-test.ts'
import { type Host, until } from './library/index.ts'
import { directRouting, routers } from './scenes.ts'

const six = ['fe80::100/64', `${VIRTUAL_ADDRESS_6}/64`]
const quick = { version: 3, advertInt: 0.2, priority: 200 } as const
const both = (more: readonly string[]) =>
  instance({ ...quick, more }) + instance({ ...quick, addresses: six, more }).replace('VI_51', 'VI_6')

const ruleset = async (host: Host): Promise<string> => {
  const { stdout } = await host.exec('nft', 'list', 'ruleset')
  return (
    stdout
      // What was counted by then is another matter.
      .replaceAll(/packets \d+ bytes \d+/g, 'packets N bytes N')
      // What a backup drops is ours alone.
      .replaceAll(/\t(?:set|chain) backups \{.*?\n\t\}\n\n?/gs, '')
      .replaceAll('}\n\n}', '}\n}')
  )
}

const settings: readonly (readonly [claim: string, configuration: string])[] = [
  ['no_accept in both families', both(['no_accept'])],
  ['a virtual MAC over IPv4', instance({ ...quick, more: ['use_vmac'] })],
  ['strict mode with a virtual MAC over IPv4', instance({ ...quick, more: ['use_vmac', 'strict_mode on'] })],
  [
    'a table, priority and counters of one’s own',
    `global_defs {\n  nftables mine\n  nftables_priority 7\n  nftables_counters\n}\n${both(['no_accept'])}`,
  ],
]

for (const [claim, configuration] of settings)
  lab(`${claim}: the rules are keepalived's, and go with the end`, async (lab) => {
    const { strong, weak } = routers(lab)
    const holds = async (host: Host) => {
      await host.holds(VIRTUAL_ADDRESS)
      if (configuration.includes(VIRTUAL_ADDRESS_6)) await host.holds(VIRTUAL_ADDRESS_6)
    }
    // One after the other, so that each is master.
    const theirs = await weak.keepalived(configuration)
    await holds(weak)
    const expected = await ruleset(weak)
    await theirs.stop()

    const ours = await strong.holdfastd(configuration)
    await holds(strong)
    expect(await ruleset(strong)).toBe(expected)
    await ours.stop()
    expect(await ruleset(strong)).toBe('')
  })

const ping = async (from: Host, address: string): Promise<boolean> => {
  const family = address.includes(':') ? ['-6'] : []
  return (await from.exec('ping', ...family, '-c1', '-W1', address)).status === 0
}

lab(
  'V-087, V-088, V-089: packets to the addresses of a master without accept mode are dropped, but not neighbour discovery nor those to its own address; with accept mode they are answered',
  async (lab) => {
    const { strong, onlooker } = routers(lab)
    const daemon = await strong.holdfastd(both(['no_accept']))
    await strong.holds(VIRTUAL_ADDRESS)
    await strong.holds(VIRTUAL_ADDRESS_6)
    const link = `${six[0]?.split('/')[0]}%eth0`
    for (const address of [VIRTUAL_ADDRESS, VIRTUAL_ADDRESS_6, link]) expect(await ping(onlooker, address)).toBe(false)
    for (const address of ['192.0.2.11', '2001:db8::11']) expect(await ping(onlooker, address)).toBe(true)
    // The neighbour was found all the same.
    const neighbours = onlooker.ip('neigh', 'show')
    for (const address of [VIRTUAL_ADDRESS, VIRTUAL_ADDRESS_6])
      expect(neighbours).toMatch(new RegExp(`${address} .*lladdr`))

    daemon.configure(both(['accept']))
    daemon.process.signal('SIGHUP')
    for (const address of [VIRTUAL_ADDRESS, VIRTUAL_ADDRESS_6, link])
      await until(`${address} answers`, () => ping(onlooker, address))
    expect(await ruleset(strong)).toBe('')

    daemon.configure(both(['no_accept']))
    daemon.process.signal('SIGHUP')
    for (const address of [VIRTUAL_ADDRESS, VIRTUAL_ADDRESS_6, link])
      await until(`${address} is silent`, async () => !(await ping(onlooker, address)))
    const { virtualRouters } = await daemon.status()
    expect(virtualRouters.map(({ becameMaster }) => becameMaster)).toEqual([1, 1])
  },
)

lab('V-082: a backup takes no frame to the virtual MAC, which a switch may flood to it; a master does', async (lab) => {
  const { strong, onlooker } = routers(lab)
  // Nobody else is there, and it is long before it would be master.
  const configuration = (advertInt: number) => instance({ ...quick, advertInt, more: ['use_vmac'] })
  const daemon = await strong.holdfastd(configuration(30))
  await daemon.shows('it is backup', ({ virtualRouters }) => virtualRouters[0]?.state === 'backup')
  expect(await ping(onlooker, '192.0.2.11')).toBe(true)
  onlooker.ip('neigh', 'replace', '192.0.2.11', 'lladdr', '00:00:5e:00:01:33', 'nud', 'permanent', 'dev', 'eth0')
  expect(await ping(onlooker, '192.0.2.11')).toBe(false)

  daemon.configure(configuration(0.2))
  daemon.process.signal('SIGHUP')
  await strong.holds(VIRTUAL_ADDRESS)
  expect(await ping(onlooker, '192.0.2.11')).toBe(true)

  daemon.configure(configuration(0.2).replace('interface eth0', 'interface eth0\n  track_interface {\n    none\n  }'))
  daemon.process.signal('SIGHUP')
  await strong.releases(VIRTUAL_ADDRESS)
  expect(await ping(onlooker, '192.0.2.11')).toBe(false)
  // What it changes by itself is not another's doing.
  expect((await daemon.status()).virtualRouters[0]?.incidents).toBeUndefined()
})

lab('an owner takes packets to its addresses whatever is written', async (lab) => {
  const { strong, onlooker } = routers(lab)
  await strong.holdfastd(instance({ ...quick, priority: 255, state: 'MASTER', more: ['no_accept'] }))
  await strong.holds(VIRTUAL_ADDRESS)
  expect(await ping(onlooker, VIRTUAL_ADDRESS)).toBe(true)
})

lab('rules that a crash left are gone after the next run, also where that needs none', async (lab) => {
  const { strong } = routers(lab)
  const daemon = await strong.holdfastd(both(['no_accept']))
  await strong.holds(VIRTUAL_ADDRESS)
  await strong.holds(VIRTUAL_ADDRESS_6)
  const before = await ruleset(strong)
  // The role alone: its successor goes on with the same.
  await daemon.killRole('vrrp')
  // While nobody serves none is shown, and all of none are masters.
  const bothAreMasters = ({ virtualRouters }: DaemonSnapshot) =>
    virtualRouters.filter(({ state }) => state === 'master').length === 2
  await daemon.shows('both are masters again', bothAreMasters)
  expect(await ruleset(strong)).toBe(before)

  daemon.killAll()
  expect(await ruleset(strong)).toBe(before)
  daemon.configure(both(['accept']))
  await daemon.restart()
  // Its addresses are those of the crash, so they tell nothing.
  await daemon.shows('both are masters', bothAreMasters)
  expect(await ruleset(strong)).toBe('')
})

lab(
  'rules that somebody removes under a master are there again at once, all of them, and it stays master',
  async (lab) => {
    const { strong } = routers(lab)
    const daemon = await strong.holdfastd(instance({ ...quick, more: ['no_accept'] }))
    await strong.holds(VIRTUAL_ADDRESS)
    const before = await ruleset(strong)
    expect(before).toContain(VIRTUAL_ADDRESS)
    for (const removal of [
      ['flush', 'ruleset'],
      ['flush', 'chain', 'ip', 'keepalived', 'in'],
      ['delete', 'element', 'ip', 'keepalived', 'vips', `{ ${VIRTUAL_ADDRESS} }`],
    ]) {
      await strong.exec('nft', ...removal)
      await until(`what ${removal.join(' ')} took is back`, async () => (await ruleset(strong)) === before)
    }
    await daemon.shows('what was done to it, and that it is still master', ({ virtualRouters: [router] }) => {
      const [incident] = router?.incidents ?? []
      return router?.becameMaster === 1 && incident?.subject === 'firewall table keepalived' && incident.count === 3
    })
  },
)

lab('the embedded balancer forwards what is sent to a virtual address that accepts nothing', async (lab) => {
  const { client, directors, servers } = directRouting(lab, { directors: 1 })
  const [director] = directors as [Host]
  for (const server of servers) await server.nginx({ listen: ['0.0.0.0:80'], body: server.name })
  const daemon = await director.holdfastd(
    instance({ ...quick, more: ['use_vmac', 'no_accept'] }) +
      webService({ method: 'DR', realServers: ['192.0.2.21 80', '192.0.2.22 80'] }),
  )
  await director.holds(VIRTUAL_ADDRESS)
  await daemon.shows('both servers are up', ({ virtualServers }) =>
    virtualServers.every(({ realServers }) => realServers.every(({ state }) => state === 'up')),
  )
  const answers = new Set<string>()
  await until('both servers answer', async () => {
    const { stdout } = await client.exec('curl', '-s', '-m', '2', `http://${VIRTUAL_ADDRESS}/`)
    answers.add(stdout.trim())
    return answers.has('web1') && answers.has('web2')
  })
  expect(await ping(client, VIRTUAL_ADDRESS)).toBe(false)
})
