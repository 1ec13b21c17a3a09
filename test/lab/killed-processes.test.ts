/** Each process of a director killed in turn by SIGKILL, under HTTP load: what clients and the other director see. */
import { expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS, webService } from './configurations.ts'
import { lab } from './lab-test.ts'
import { type Holdfastd, type Lab, type Load, millis, nowMillis, summary, until } from './library/index.ts'
import { directRouting, type WebScene } from './scenes.ts'

type Pair = { readonly scene: WebScene; readonly master: Holdfastd; readonly backup: Holdfastd; readonly load: Load }

async function pairUnderLoad(lab: Lab): Promise<Pair> {
  const scene = directRouting(lab)
  for (const [i, server] of scene.servers.entries()) await server.nginx({ listen: ['80'], body: `web${i + 1}` })
  const service = webService({ method: 'DR', realServers: ['192.0.2.21 80', '192.0.2.22 80'] })
  const [first, second] = scene.directors
  const [master, backup] = await Promise.all([
    first!.holdfastd(instance({ priority: 200 }) + service),
    second!.holdfastd(instance({ priority: 100 }) + service),
  ])
  await first!.holds(VIRTUAL_ADDRESS)
  const load = await scene.client.load(`http://${VIRTUAL_ADDRESS}/`, { sources: scene.sources, every: 10 })
  const begun = nowMillis()
  await until('both servers answer', () => summary(load.between(begun)).byServer.size === 2)
  return { scene, master, backup, load }
}

const holders = ({ scene }: Pair): string[] =>
  scene.directors.filter((host) => host.has(VIRTUAL_ADDRESS)).map(({ name }) => name)

/** Watches for two seconds that only the first director holds the address. */
async function staysSingle(pair: Pair): Promise<void> {
  const end = nowMillis() + 2000
  while (nowMillis() < end) {
    expect(holders(pair)).toEqual(['director1'])
    await millis(50)
  }
}

for (const role of ['checker', 'forwarding', 'vrrp'] as const)
  lab(`a killed ${role} role is started again; no request fails and the address stays where it is`, async (lab) => {
    const pair = await pairUnderLoad(lab)
    // On a busy machine the weaker one may have been master for a moment at the start.
    const becameMaster = (await pair.backup.status()).virtualRouters[0]?.becameMaster
    const killed = nowMillis()
    const old = await pair.master.killRole(role)
    await pair.master.shows(`a new ${role} role runs`, ({ roles }) =>
      roles.some(
        (entry) => entry.role === role && entry.state === 'running' && entry.pid !== old && entry.restarts > 0,
      ),
    )
    await staysSingle(pair)
    const after = await pair.master.status()
    expect(after.virtualRouters[0]?.state).toBe('master')
    expect((await pair.backup.status()).virtualRouters[0]).toMatchObject({ state: 'backup', becameMaster })
    await until('requests after the restart', () => pair.load.between(killed + 2000).length > 20)
    const { failed, byServer, byError } = summary(pair.load.between(killed - 1000))
    expect({ failed, byError, servers: byServer.size }).toEqual({ failed: 0, byError: new Map(), servers: 2 })
    // The new role has taken the table up again.
    await pair.master.shows('both destinations are in the table', ({ forwarding }) =>
      (forwarding?.services ?? []).some(({ destinations }) => destinations.length === 2),
    )
  })

lab('a killed supervisor is replaced by a new one; no request fails and the address stays where it is', async (lab) => {
  const pair = await pairUnderLoad(lab)
  const becameMaster = (await pair.backup.status()).virtualRouters[0]?.becameMaster
  const killed = nowMillis()
  await pair.master.killSupervisor()
  await pair.master.restart()
  await staysSingle(pair)
  expect((await pair.master.status()).virtualRouters[0]?.state).toBe('master')
  expect((await pair.backup.status()).virtualRouters[0]).toMatchObject({ state: 'backup', becameMaster })
  const { failed, byServer, byError } = summary(pair.load.between(killed - 1000))
  expect({ failed, byError, servers: byServer.size }).toEqual({ failed: 0, byError: new Map(), servers: 2 })
})

lab(
  'when a supervisor is killed and no other comes, its address moves to the other director and is not doubled',
  async (lab) => {
    const pair = await pairUnderLoad(lab)
    await pair.master.killSupervisor()
    await until('the address is on the other director only', () => holders(pair).join() === 'director2', {
      within: 30_000,
    })
    await until('no process of the daemon is left', () => pair.master.pids().length === 0, { within: 30_000 })
    const moved = nowMillis()
    await until('requests after the move', () => pair.load.between(moved).length > 50)
    expect(summary(pair.load.between(moved)).failed).toBe(0)
  },
)

lab('forwarding goes on in the kernel while every process of the director is dead', async (lab) => {
  const scene = directRouting(lab, { directors: 1 })
  for (const [i, server] of scene.servers.entries()) await server.nginx({ listen: ['80'], body: `web${i + 1}` })
  const service = webService({ method: 'DR', realServers: ['192.0.2.21 80', '192.0.2.22 80'] })
  const daemon = await scene.directors[0]!.holdfastd(instance({ priority: 100 }) + service)
  await scene.directors[0]!.holds(VIRTUAL_ADDRESS)
  const load = await scene.client.load(`http://${VIRTUAL_ADDRESS}/`, { sources: scene.sources, every: 10 })
  const begun = nowMillis()
  await until('both servers answer', () => summary(load.between(begun)).byServer.size === 2)
  daemon.killAll()
  const killed = nowMillis()
  await until('requests without a daemon', () => load.between(killed).length > 100)
  expect(summary(load.between(killed))).toMatchObject({ failed: 0 })
  await daemon.restart()
  await until('requests with the new daemon', () => load.between(nowMillis() - 1000).length > 50)
  expect(summary(load.between(killed))).toMatchObject({ failed: 0 })
})
