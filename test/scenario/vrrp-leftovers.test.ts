/** However a daemon ends, and whatever it is started with again: no virtual address stays without a master. */
import { expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS } from '../lab/configurations.ts'
import { lab } from '../lab/lab-test.ts'
import { type Holdfastd, type Host, until } from '../lab/library/index.ts'
import { signalTo } from '../lab/library/process.ts'
import { routers } from '../lab/scenes.ts'

const quick = { priority: 255, state: 'MASTER', version: 3, advertInt: 0.1 } as const
const withRouter = instance(quick)
const elsewhere = instance({ ...quick, priority: 100, addresses: ['203.0.113.9/32'], virtualRouterId: 52 })
const withoutRouter = `virtual_server 203.0.113.80 80 {
  protocol TCP
  lb_algo rr
  lb_kind DR
  real_server 192.0.2.21 80 {
  }
}
`
const others = ['192.0.2.11', '2001:db8::11']

async function master(host: Host, options: readonly string[] = []): Promise<Holdfastd> {
  const daemon = await host.holdfastd(withRouter, { options })
  await host.holds(VIRTUAL_ADDRESS)
  return daemon
}

lab('with -R the death of the vrrp role ends the daemon, and the address goes with it', async (lab) => {
  const { strong } = routers(lab)
  const daemon = await master(strong, ['-R'])
  await daemon.killRole('vrrp')
  expect(await daemon.process.end()).toBe(1)
  expect(strong.addresses()).toEqual(others)
})

lab('a stop while the vrrp role waits for its restart takes the address off', async (lab) => {
  const { strong } = routers(lab)
  const daemon = await master(strong)
  // Quick deaths in a row: each restart waits longer than the one before.
  const dead = new Set<number>()
  await until('the role waits', async () => {
    const role = (await daemon.status()).roles.find((one) => one.role === 'vrrp')
    if (role?.pid !== undefined && role.state === 'running' && !dead.has(role.pid)) {
      dead.add(role.pid)
      if (dead.size >= 6 && strong.has(VIRTUAL_ADDRESS)) {
        signalTo(role.pid, 'SIGKILL')
        return true
      }
      signalTo(role.pid, 'SIGKILL')
    }
    return false
  })
  await daemon.stop()
  expect(strong.addresses()).toEqual(others)
})

lab(
  'the vrrp role, killed and started again by its supervisor, holds the address once; a stop takes it off',
  async (lab) => {
    const { strong } = routers(lab)
    const daemon = await master(strong)
    const dead = await daemon.killRole('vrrp')
    await daemon.shows(
      'another role is master',
      ({ roles, virtualRouters: [one] }) =>
        roles.some(({ role, pid }) => role === 'vrrp' && pid !== undefined && pid !== dead) && one?.state === 'master',
    )
    expect(strong.addresses().filter((one) => one === VIRTUAL_ADDRESS)).toHaveLength(1)
    await daemon.stop()
    expect(strong.addresses()).toEqual(others)
  },
)

for (const [what, configuration, left] of [
  ['the same configuration', withRouter, [VIRTUAL_ADDRESS]],
  ['other virtual routers', elsewhere, ['203.0.113.9']],
  ['no virtual router', withoutRouter, []],
] as const)
  lab(`killed as a whole and started again with ${what}, it leaves what that says`, async (lab) => {
    const { strong } = routers(lab)
    const daemon = await master(strong)
    daemon.killAll()
    await daemon.process.end()
    expect(strong.has(VIRTUAL_ADDRESS)).toBe(true)
    daemon.configure(configuration)
    await daemon.restart()
    await until(
      'the right addresses',
      () => JSON.stringify(strong.addresses().filter((one) => !others.includes(one))) === JSON.stringify(left),
      { detail: () => `${strong.addresses()}` },
    )
    await daemon.stop()
    expect(strong.addresses()).toEqual(others)
  })
