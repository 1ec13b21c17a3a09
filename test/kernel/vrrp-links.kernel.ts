/** Virtual routers through the whole daemon on links that the host's kernel has no module for: ipvlan, and a VRF. */
import { execFileSync } from 'node:child_process'
import { beforeAll, expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS } from '../lab/configurations.ts'
import { lab } from '../lab/lab-test.ts'
import { type Host, until } from '../lab/library/index.ts'
import { routers } from '../lab/scenes.ts'

beforeAll(() => {
  execFileSync('modprobe', ['-a', 'macvlan', 'ipvlan', 'vrf', 'nf_tables', 'veth'])
})

const LIMIT = 300_000
/** Everything is ten to twenty times slower here. */
const PATIENCE = 120_000

/** What a neighbour gets for an answer. */
const answers = async (host: Host, address: string): Promise<boolean> =>
  (await host.exec('ping', '-c', '1', '-W', '5', address)).status === 0
const on = (host: Host, device: string): string => host.ip('-br', 'addr', 'show', 'dev', device)

lab(
  'use_ipvlan: the address is on a link of its own, answers there, and moves to the other and back',
  async (lab) => {
    const { strong, weak, onlooker } = routers(lab)
    const routed = (own: number) => [`use_ipvlan ipv51 192.0.2.${own}/24`]
    const first = await strong.holdfastd(instance({ version: 3, priority: 200, more: routed(201) }), {
      within: PATIENCE,
    })
    await strong.holds(VIRTUAL_ADDRESS, PATIENCE)
    expect(on(strong, 'ipv51')).toMatch(/192\.0\.2\.201\/24 .*192\.0\.2\.100\/24/)
    expect(on(strong, 'eth0')).not.toContain(VIRTUAL_ADDRESS)
    await until('the address answers', () => answers(onlooker, VIRTUAL_ADDRESS), { within: PATIENCE })
    const second = await weak.holdfastd(instance({ version: 3, priority: 100, more: routed(202) }), {
      within: PATIENCE,
    })
    await second.shows(
      'it follows the master, who speaks from its ipvlan',
      ({ virtualRouters: [one] }) => one?.state === 'backup' && one.masterAddress === '192.0.2.201',
      PATIENCE,
    )
    await first.stop()
    await weak.holds(VIRTUAL_ADDRESS, PATIENCE)
    expect(strong.ip('-br', 'link')).not.toContain('ipv51')
    await first.restart({ within: PATIENCE })
    await strong.holds(VIRTUAL_ADDRESS, PATIENCE)
    await weak.releases(VIRTUAL_ADDRESS, PATIENCE)
  },
  LIMIT,
)

lab(
  'an interface in a VRF, with a virtual MAC, and unicast in a VRF: both meet routers that know of none',
  async (lab) => {
    const { strong, weak } = routers(lab)
    strong.ip('link', 'add', 'red', 'type', 'vrf', 'table', '10')
    strong.ip('link', 'set', 'red', 'up')
    strong.ip('link', 'set', 'eth0', 'master', 'red')
    const unicast = (own: number, peer: number) => ({
      version: 3 as const,
      virtualRouterId: 52,
      addresses: ['192.0.2.101/24 dev eth0'],
      more: [`unicast_src_ip 192.0.2.${own}`, 'unicast_peer {', `  192.0.2.${peer}`, '}'],
    })
    const { more, ...rest } = unicast(11, 12)
    const inVrf = instance({ ...rest, priority: 200, more: ['vrf red', ...more] }).replace('  interface eth0\n', '')
    const first = await strong.holdfastd(instance({ version: 3, priority: 200, more: ['use_vmac'] }) + inVrf, {
      within: PATIENCE,
    })
    for (const address of [VIRTUAL_ADDRESS, '192.0.2.101']) await strong.holds(address, PATIENCE)
    expect(strong.ip('-d', 'link', 'show', 'dev', 'vrrp.51')).toContain('master red')
    const plain = instance({ version: 3, priority: 100 }) + instance({ ...unicast(12, 11), priority: 100 })
    const second = await weak.holdfastd(plain, { within: PATIENCE })
    await second.shows(
      'it follows both',
      ({ virtualRouters }) =>
        virtualRouters.length === 2 &&
        virtualRouters.every(({ state, masterPriority }) => state === 'backup' && masterPriority === 200),
      PATIENCE,
    )
    await first.stop()
    for (const address of [VIRTUAL_ADDRESS, '192.0.2.101']) await weak.holds(address, PATIENCE)
    await first.restart({ within: PATIENCE })
    await second.shows(
      'both have given way again',
      ({ virtualRouters }) => virtualRouters.every(({ state, drops }) => state === 'backup' && !('ttl' in drops)),
      PATIENCE,
    )
    for (const address of [VIRTUAL_ADDRESS, '192.0.2.101']) await strong.holds(address, PATIENCE)
  },
  LIMIT,
)
