/** `holdfast doctor` on a direct routing set-up that is sound, and then broken in one way after the other. */
import { chmodSync, mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS, webService } from './configurations.ts'
import { lab } from './lab-test.ts'
import { type Holdfastd, type Host, type Lab, type LabProcess, until } from './library/index.ts'
import { routers } from './scenes.ts'

const HOLDFAST = resolve(import.meta.dirname, '../../bin/holdfast')
const realServers = ['192.0.2.21 80', '192.0.2.22 80']

/** The file of one director. */
const text = (
  index: 0 | 1,
  priority = index === 0 ? 150 : 100,
  more: Parameters<typeof instance>[0] | object = {},
): string =>
  `global_defs {\n  router_id director${index + 1}\n}\n${instance({ version: 3, advertInt: 0.2, priority, ...more })}${webService({ method: 'DR', realServers })}`

type Scene = {
  readonly lab: Lab
  readonly client: Host
  readonly director: Host
  readonly other: Host
  readonly servers: readonly [Host, Host]
  readonly daemon: { now: Holdfastd }
  readonly nginx: LabProcess[]
}

async function soundScene(of: Lab): Promise<Scene> {
  const segment = of.segment()
  const host = (name: string, last: number) => of.host(name, { eth0: { segment, addresses: [`192.0.2.${last}/24`] } })
  const client = host('client', 201)
  const [director, other] = [host('director1', 11), host('director2', 12)]
  const servers = [host('web1', 21), host('web2', 22)] as const
  for (const server of servers) server.takeVirtualAddress(VIRTUAL_ADDRESS)
  const nginx = await Promise.all(servers.map((server, i) => server.nginx({ listen: ['80'], body: `web${i + 1}` })))
  const daemon = await director.holdfastd(text(0))
  await director.holds(VIRTUAL_ADDRESS)
  await other.keepalived(instance({ version: 3, advertInt: 0.2, priority: 100 }))
  const scene = { lab: of, client, director, other, servers, daemon: { now: daemon }, nginx }
  await serversAre(scene, ['up', 'up'])
  return scene
}

const serversAre = (scene: Scene, wanted: readonly string[]): Promise<unknown> =>
  until(`real servers are ${wanted.join(' and ')}`, async () => {
    const { virtualServers } = await scene.daemon.now.status()
    const states = virtualServers.flatMap((server) => server.realServers.map(({ state }) => state))
    return states.join() === wanted.join()
  })

type Diagnosis = {
  readonly status: number
  readonly findings: readonly { readonly name: string; readonly finding: string; readonly mend: string }[]
}

async function doctor(scene: Scene, { config = text(0), peer = text(1) } = {}): Promise<Diagnosis> {
  const [own, theirs] = [scene.director.file('own.conf', config), scene.director.file('peer.conf', peer)]
  const runDir = ['--run-dir', scene.daemon.now.runDirectory]
  const said = await scene.director.exec(HOLDFAST, 'doctor', '--json', '--config', own, '--peer', theirs, ...runDir)
  if (!said.stdout.startsWith('{')) throw new Error(`doctor ended with ${said.status}:\n${said.stderr}`)
  return { status: said.status, findings: (JSON.parse(said.stdout) as Diagnosis).findings }
}

type Fault = {
  readonly claim: string
  /** What doctor names first. */
  readonly finding: readonly [name: string, words: RegExp]
  /** Makes it, and returns how it is mended. */
  readonly make?: (scene: Scene) => Promise<(() => unknown) | undefined> | (() => unknown)
  readonly config?: string
  readonly peer?: string
}

const nft = (host: Host, chain: 'input' | 'output', rule: string) => () => {
  const made = host.exec(
    'nft',
    `add table inet t; add chain inet t c { type filter hook ${chain} priority 0; }; add rule inet t c ${rule}`,
  )
  return made.then(() => () => host.exec('nft', 'delete table inet t'))
}

const faults: readonly Fault[] = [
  {
    claim: 'a brace is missing',
    config: text(0).replace('virtual_ipaddress {', 'virtual_ipaddress'),
    finding: ['configuration', /virtual_ipaddress/],
  },
  {
    claim: 'a word is misspelt',
    config: text(0).replace('advert_int', 'advrt_int'),
    finding: ['configuration', /advrt_int/],
  },
  {
    claim: 'direct routing to another port',
    config: text(0).replace('192.0.2.22 80', '192.0.2.22 8080'),
    finding: ['configuration', /DR keeps the port of the virtual server/],
  },
  {
    claim: 'the other director has another virtual_router_id',
    peer: text(1).replace('virtual_router_id 51', 'virtual_router_id 52'),
    finding: ['pair', /virtual_router_id/],
  },
  {
    claim: 'the other director has another interval',
    peer: text(1).replace('advert_int 0.2', 'advert_int 1'),
    finding: ['pair', /advert_int/],
  },
  {
    claim: 'the other director has another address',
    peer: text(1).replace(`${VIRTUAL_ADDRESS}/24`, '192.0.2.101/24'),
    finding: ['pair', /192\.0\.2\.10[01]/],
  },
  { claim: 'both have one priority', peer: text(1, 150), finding: ['pair', /priority/] },
  {
    claim: 'the other director speaks VRRPv2',
    peer: text(1).replace('version 3', 'version 2').replace('advert_int 0.2', 'advert_int 1'),
    finding: ['pair', /version|advert_int/],
  },
  {
    claim: 'the interface is not there',
    config: text(0).replace('interface eth0', 'interface eth7'),
    finding: ['interface', /eth7: no such interface/],
  },
  {
    claim: 'the interface is down',
    make: ({ director }) => {
      director.linkDown()
      return () => director.linkUp()
    },
    finding: ['interface', /eth0 is down/],
  },
  {
    claim: 'the cable is out',
    make: ({ director }) => {
      director.cut()
      return () => director.mend()
    },
    finding: ['interface', /eth0 has no carrier/],
  },
  {
    claim: 'the firewall drops VRRP that comes in',
    make: (scene) => nft(scene.director, 'input', 'ip protocol 112 drop')(),
    finding: ['firewall-vrrp', /comes in by eth0.*inet t c/],
  },
  {
    claim: 'the firewall drops VRRP that goes out',
    make: (scene) => nft(scene.director, 'output', 'meta l4proto vrrp counter drop')(),
    finding: ['firewall-vrrp', /goes out by eth0/],
  },
  {
    claim: 'the firewall drops the checks',
    make: (scene) => nft(scene.director, 'output', 'ip daddr 192.0.2.0/24 tcp dport { 80, 443 } reject')(),
    finding: ['firewall-checks', /checks of 192\.0\.2\.21 port 80/],
  },
  {
    claim: 'this host does not answer ARP',
    make: ({ director }) => {
      director.sysctl('net.ipv4.conf.all.arp_ignore=8')
      return () => director.sysctl('net.ipv4.conf.all.arp_ignore=0')
    },
    finding: ['arp-ignore', /arp_ignore is 8/],
  },
  {
    claim: 'the other director does not hear this one, and is master too',
    make: async (scene) => {
      const mend = await nft(scene.other, 'input', 'ip protocol 112 drop')()
      await scene.other.holds(VIRTUAL_ADDRESS)
      return async () => {
        await mend()
        await scene.other.releases(VIRTUAL_ADDRESS)
      }
    },
    finding: ['two-masters', /192\.0\.2\.12 advertises VI_51/],
  },
  {
    claim: 'another pair has the virtual_router_id',
    make: async (scene) => {
      const stranger = await scene.client.sender()
      const timer = setInterval(
        () => stranger.advertise({ virtualRouterId: 51, priority: 50, addresses: ['192.0.2.77'] }),
        100,
      )
      await until('it is heard', () => stranger.sent > 2)
      return () => {
        clearInterval(timer)
        return stranger.close()
      }
    },
    finding: ['virtual-router-id-taken', /192\.0\.2\.201.*192\.0\.2\.77/],
  },
  {
    claim: 'another host has the address',
    make: ({ client }) => {
      client.ip('addr', 'add', `${VIRTUAL_ADDRESS}/32`, 'dev', 'eth0')
      return () => client.ip('addr', 'del', `${VIRTUAL_ADDRESS}/32`, 'dev', 'eth0')
    },
    finding: ['address-taken', /says that it has 192\.0\.2\.100/],
  },
  {
    claim: 'a real server answers ARP for the address',
    make: ({ servers: [web] }) => {
      web.sysctl('net.ipv4.conf.all.arp_ignore=0', 'net.ipv4.conf.eth0.arp_ignore=0')
      return () => web.sysctl('net.ipv4.conf.all.arp_ignore=1', 'net.ipv4.conf.eth0.arp_ignore=1')
    },
    finding: ['server-answers-arp', /real server 192\.0\.2\.21 .* answers ARP/],
  },
  {
    claim: 'a real server has the address on the interface of the link',
    make: ({ servers: [, web] }) => {
      web.ip('addr', 'add', `${VIRTUAL_ADDRESS}/32`, 'dev', 'eth0')
      return () => web.ip('addr', 'del', `${VIRTUAL_ADDRESS}/32`, 'dev', 'eth0')
    },
    finding: ['server-answers-arp', /real server 192\.0\.2\.22/],
  },
  {
    claim: 'a real server does not have the address',
    make: ({ servers: [web] }) => {
      web.ip('addr', 'del', `${VIRTUAL_ADDRESS}/32`, 'dev', 'lo')
      return () => web.ip('addr', 'add', `${VIRTUAL_ADDRESS}/32`, 'dev', 'lo')
    },
    finding: ['server-refuses-address', /192\.0\.2\.21 does not take packets to 192\.0\.2\.100/],
  },
  {
    claim: 'a real server is off',
    make: async (scene) => {
      scene.servers[1].linkDown()
      await serversAre(scene, ['up', 'down'])
      return async () => {
        scene.servers[1].linkUp()
        await serversAre(scene, ['up', 'up'])
      }
    },
    finding: ['server-gone', /real server 192\.0\.2\.22/],
  },
  {
    claim: 'the service of a real server is down',
    make: async (scene) => {
      await scene.nginx[0]?.stop('SIGKILL')
      await serversAre(scene, ['down', 'up'])
      return async () => {
        scene.nginx[0] = await scene.servers[0].nginx({ listen: ['80'], body: 'web1' })
        await serversAre(scene, ['up', 'up'])
      }
    },
    finding: ['server-not-listening', /192\.0\.2\.21 refuses connections to port 80/],
  },
  {
    claim: 'the service listens at the address of the real server alone',
    make: async (scene) => {
      await scene.nginx[1]?.stop('SIGKILL')
      scene.nginx[1] = await scene.servers[1].nginx({ listen: ['192.0.2.22:80'], body: 'web2' })
      return async () => {
        await scene.nginx[1]?.stop('SIGKILL')
        scene.nginx[1] = await scene.servers[1].nginx({ listen: ['80'], body: 'web2' })
        await serversAre(scene, ['up', 'up'])
      }
    },
    finding: ['server-listens-elsewhere', /192\.0\.2\.22 nothing listens at 192\.0\.2\.100:80/],
  },
  {
    claim: 'a firewall of a real server drops connections',
    make: async (scene) => {
      const mend = await nft(scene.servers[0], 'input', 'tcp dport 80 drop')()
      await serversAre(scene, ['down', 'up'])
      return async () => {
        await mend()
        await serversAre(scene, ['up', 'up'])
      }
    },
    finding: ['server-silent', /192\.0\.2\.21 does not answer at port 80/],
  },
  {
    claim: 'the daemon does not run',
    make: async (scene) => {
      await scene.daemon.now.stop()
      return async () => {
        scene.daemon.now = await scene.director.holdfastd(text(0))
        await serversAre(scene, ['up', 'up'])
      }
    },
    finding: ['daemon', /holdfastd is not running/],
  },
]

lab(
  `doctor names each of ${faults.length} faults first, and finds nothing in the sound set-up`,
  async (of) => {
    const scene = await soundScene(of)
    expect(await doctor(scene)).toEqual({ status: 0, findings: [] })
    const told: (readonly [claim: string, name: string | undefined, finding: string | undefined])[] = []
    for (const { claim, make, config = text(0), peer = text(1) } of faults) {
      const mend = await make?.(scene)
      const [first] = (await doctor(scene, { config, peer })).findings
      told.push([claim, first?.name, first?.finding])
      await mend?.()
      await scene.director.holds(VIRTUAL_ADDRESS)
    }
    expect(told).toEqual(faults.map(({ claim, finding: [name, words] }) => [claim, name, expect.stringMatching(words)]))
    expect(await doctor(scene)).toEqual({ status: 0, findings: [] })
  },
  400_000,
)

/** A folder with what a command on the other director would find in its PATH. */
function commandsOf(other: Host, runDirectory: string, clockAhead = 0): string {
  const folder = `${other.directory}/bin`
  mkdirSync(folder, { recursive: true })
  other.file('bin/holdfast', `#!/bin/sh\nexec ${HOLDFAST} "$@" --run-dir ${runDirectory}\n`)
  other.file('bin/date', `#!/bin/sh\n/bin/date -d '${clockAhead} seconds' "$@"\n`)
  for (const name of ['holdfast', 'date']) chmodSync(`${folder}/${name}`, 0o755)
  return `PATH=${folder}:$PATH sh -c`
}

lab('the other director, asked by a command: its daemon, its clock, whether it is a peer at all', async (lab) => {
  const { strong, weak } = routers(lab)
  const vrrp = (priority: number, more: Partial<Parameters<typeof instance>[0]> = {}) =>
    instance({ version: 3, advertInt: 0.2, priority, ...more })
  const daemon = await strong.holdfastd(vrrp(150))
  await strong.holds(VIRTUAL_ADDRESS)
  const other = await weak.holdfastd(vrrp(100))
  const config = strong.file('own.conf', vrrp(150))
  const examine = async (peer: string, command: string) => {
    const words = [
      '--json',
      '--config',
      config,
      '--peer',
      peer,
      '--peer-command',
      command,
      '--run-dir',
      daemon.runDirectory,
    ]
    const said = await strong.exec(HOLDFAST, 'doctor', ...words)
    const { findings } = JSON.parse(said.stdout) as Diagnosis
    return [said.status, ...findings.map(({ name }) => name)]
  }
  const plain = commandsOf(weak, other.runDirectory)
  expect(await examine('192.0.2.12', plain)).toEqual([0])
  expect(await examine('192.0.2.99', plain)).toEqual([2, 'peer-unreachable'])
  expect(await examine('192.0.2.12', 'false')).toEqual([1, 'peer-not-asked'])
  expect(await examine('192.0.2.12', commandsOf(weak, other.runDirectory, 100))).toEqual([1, 'clock'])
  commandsOf(weak, other.runDirectory)
  other.configure(vrrp(100, { virtualRouterId: 52, addresses: ['192.0.2.102/24'] }))
  expect((await other.holdfast('reload')).status).toBe(0)
  expect(await examine('192.0.2.12', plain)).toEqual([2, 'peer-without-router'])
  await other.stop()
  expect(await examine('192.0.2.12', plain)).toEqual([1, 'peer-not-asked'])
})
