/** A reload with a file that cannot be used changes nothing; one that can changes only what it says. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS, webService } from './configurations.ts'
import { lab } from './lab-test.ts'
import { type Holdfastd, type Lab, nowMillis, summary, until } from './library/index.ts'
import { directRouting, routers } from './scenes.ts'

const quick = { version: 3, advertInt: 0.1 } as const

async function oneRouter(lab: Lab) {
  const { strong, onlooker } = routers(lab)
  const daemon = await strong.holdfastd(instance({ ...quick, priority: 100 }))
  await strong.holds(VIRTUAL_ADDRESS)
  return { strong, daemon, wire: await onlooker.capture('ip proto 112') }
}

const useless: readonly [name: string, spoil: (daemon: Holdfastd) => void][] = [
  ['a broken file', (daemon) => daemon.configure(`${instance({ ...quick, priority: 100 })}\nvrrp_instance BROKEN {\n`)],
  ['an empty file', (daemon) => daemon.configure('')],
  ['a missing file', (daemon) => rmSync(daemon.configurationFile)],
]
for (const [name, spoil] of useless)
  lab(`a reload with ${name} is refused with its reason and changes nothing`, async (lab) => {
    const { strong, daemon, wire } = await oneRouter(lab)
    const before = (await daemon.status()).virtualRouters[0]
    spoil(daemon)
    const reloaded = nowMillis()
    const command = await daemon.holdfast('reload')
    expect(command.status).not.toBe(0)
    expect(command.stderr).not.toBe('')
    daemon.process.signal('SIGHUP')
    const { lastReloadError, virtualRouters } = await daemon.shows(
      'the refusal',
      (snapshot) => snapshot.lastReloadError !== undefined,
    )
    expect(lastReloadError).not.toBe('')
    expect(virtualRouters[0]).toMatchObject({
      state: 'master',
      since: before?.since,
      becameMaster: before?.becameMaster,
    })
    expect(strong.has(VIRTUAL_ADDRESS)).toBe(true)
    await wire.next((frame) => frame.kind === 'vrrp', reloaded + 1000)
    expect(wire.frames.some((frame) => frame.kind === 'vrrp' && frame.priority === 0)).toBe(false)

    daemon.configure(instance({ ...quick, priority: 100 }))
    expect((await daemon.holdfast('reload')).status).toBe(0)
    expect((await daemon.status()).lastReloadError).toBeUndefined()
  })

/** What may stand where the file was, and what a reload says of it. */
const noConfigurations: readonly [what: string, put: (path: string) => void, why: RegExp][] = [
  ['a pipe', (path) => execFileSync('mkfifo', [path]), /the configuration is not a file/],
  ['a folder', (path) => mkdirSync(path), /the configuration is not a file/],
  ['a device', (path) => symlinkSync('/dev/zero', path), /the configuration is not a file/],
  ['a file without end', (path) => symlinkSync('/proc/self/pagemap', path), /larger than 64 MiB/],
  ['a link to itself', (path) => symlinkSync(path, path), /too many symbolic links/],
  ['UTF-16', (path) => writeFileSync(path, instance({ priority: 100 }), 'utf16le'), /the file is UTF-16/],
  ['a list', (path) => writeFileSync(path, '- a\n- b\n'), /a mapping from keywords to their values is expected/],
  ['no YAML', (path) => writeFileSync(path, 'a: ['), /2:1|1:\d+/],
  ['YAML that is too large', (path) => writeFileSync(path, `[${'a,'.repeat(700_000)}]`), /more than 600000 tokens/],
]
lab('a daemon of a YAML file takes another, and refuses what is none, whatever it is', async (lab) => {
  const { strong } = routers(lab)
  const yaml = (priority: number) =>
    `vrrp_instance:\n  VI_1:\n    interface: eth0\n    virtual_router_id: 51\n    priority: ${priority}\n` +
    `    advert_int: 0.1\n    version: 3\n    virtual_ipaddress: [${VIRTUAL_ADDRESS}/24]\n`
  const file = strong.file('holdfast.yaml', yaml(100))
  const daemon = await strong.holdfastd('', { options: ['-f', file] })
  await strong.holds(VIRTUAL_ADDRESS)
  for (const [what, put, why] of noConfigurations) {
    rmSync(file)
    put(file)
    const { status, stderr } = await daemon.holdfast('reload')
    expect([what, status === 0, stderr]).toEqual([what, false, expect.stringMatching(why)])
    expect(stderr).toContain(`${file}:`)
    rmSync(file, { recursive: true })
    writeFileSync(file, yaml(100))
  }
  writeFileSync(file, yaml(300))
  const refused = await daemon.holdfast('reload')
  expect(refused.stderr).toContain(`${file}:5:15: error: priority 300 is not a whole number from 1 to 255`)
  writeFileSync(file, yaml(120))
  expect((await daemon.holdfast('reload')).status).toBe(0)
  const { virtualRouters } = await daemon.status()
  expect(virtualRouters).toMatchObject([{ state: 'master', effectivePriority: 120, becameMaster: 1 }])
})

lab('a reload that changes a priority leaves the router master and is seen in its advertisements', async (lab) => {
  const { daemon, wire } = await oneRouter(lab)
  const before = (await daemon.status()).virtualRouters[0]
  daemon.configure(instance({ ...quick, priority: 120 }))
  daemon.process.signal('SIGHUP')
  await wire.next((frame) => frame.kind === 'vrrp' && frame.priority === 120)
  const after = (await daemon.status()).virtualRouters[0]
  expect(after).toMatchObject({ state: 'master', since: before?.since, effectivePriority: 120 })
  expect(wire.frames.some((frame) => frame.kind === 'vrrp' && frame.priority === 0)).toBe(false)
})

lab('reloads that change everything which can change leave no gap between advertisements', async (lab) => {
  const { strong, onlooker } = routers(lab)
  const one = (priority: number, ...addresses: readonly string[]) =>
    instance({ priority, version: 3, advertInt: 0.5, addresses: addresses.map((host) => `192.0.2.${host}/24`) })
  const two = (...addresses: readonly string[]) =>
    instance({
      priority: 100,
      version: 3,
      advertInt: 0.5,
      virtualRouterId: 52,
      addresses: addresses.map((host) => `192.0.2.${host}/24`),
    })
  const daemon = await strong.holdfastd(one(100, '100', '101') + two('102'))
  for (const host of ['100', '101', '102']) await strong.holds(`192.0.2.${host}`)
  const wire = await onlooker.capture('ip proto 112')
  await wire.next((frame) => frame.kind === 'vrrp' && frame.virtualRouterId === 51)
  const steps = [
    one(150, '100', '101') + two('102'),
    one(150, '100', '101', '103') + two('102'),
    // An address moves from the one to the other.
    one(150, '100', '103') + two('102', '101'),
    `global_defs {\n  router_id other\n}\n${one(90, '100', '103')}${two('102', '101')}`,
  ]
  for (const text of steps) {
    daemon.configure(text)
    const planned = await daemon.holdfast('config', 'diff')
    expect(planned.status).toBe(1)
    expect(planned.stdout).not.toContain('resigns')
    expect((await daemon.holdfast('reload')).status).toBe(0)
    expect((await daemon.holdfast('config', 'diff')).stdout).toBe('no changes\n')
  }
  for (const host of ['100', '101', '102', '103']) await strong.holds(`192.0.2.${host}`)
  await wire.next((frame) => frame.kind === 'vrrp' && frame.virtualRouterId === 51 && frame.priority === 90)
  for (const id of [51, 52]) {
    const turns = wire.frames.filter((frame) => frame.kind === 'vrrp' && frame.virtualRouterId === id)
    const gaps = turns.slice(1).map((frame, i) => frame.at - (turns[i]?.at ?? frame.at))
    // An interval, and what a laden machine adds to it: never two.
    expect(Math.max(...gaps)).toBeLessThan(1000)
    expect(turns.every((frame) => frame.kind === 'vrrp' && frame.priority > 0)).toBe(true)
  }
  const { virtualRouters } = await daemon.status()
  expect(virtualRouters.map(({ becameMaster }) => becameMaster)).toEqual([1, 1])
})

lab('a reload under load that adds and removes real servers fails no request', async (lab) => {
  const scene = directRouting(lab, { directors: 1, servers: 3 })
  for (const [i, server] of scene.servers.entries()) await server.nginx({ listen: ['80'], body: `web${i + 1}` })
  const withServers = (...numbers: number[]): string =>
    instance({ ...quick, priority: 100 }) +
    webService({ method: 'DR', realServers: numbers.map((n) => `192.0.2.2${n} 80`) })
  const daemon = await scene.directors[0]!.holdfastd(withServers(1, 2))
  await scene.directors[0]!.holds(VIRTUAL_ADDRESS)
  // What is lost stays lost, however long it is asked for; what is slow is answered.
  const pace = { sources: scene.sources, every: 10, timeout: 20_000 }
  const load = await scene.client.load(`http://${VIRTUAL_ADDRESS}/`, pace)
  await load.answer(nowMillis())
  const begun = nowMillis()
  daemon.configure(withServers(1, 2, 3))
  expect((await daemon.holdfast('reload')).status).toBe(0)
  const reloaded = nowMillis()
  await until('the new server answers', () => summary(load.between(reloaded)).byServer.has('web3'))
  // Without more words a reload ends, as keepalived's, what a removed server has not answered yet.
  daemon.configure(withServers(2, 3))
  expect((await daemon.holdfast('reload', '--graceful')).status).toBe(0)
  await daemon.shows('the table holds the new set', ({ forwarding }) => {
    const held = forwarding?.services.flatMap(({ destinations }) => destinations.map(({ address }) => String(address)))
    return held?.sort().join() === '192.0.2.22,192.0.2.23'
  })
  const settled = nowMillis()
  await until('more requests', () => load.between(settled).length > 50)
  expect(summary(load.between(settled)).byServer.has('web1')).toBe(false)
  await load.ended(settled)
  expect(Object.fromEntries(summary(load.between(begun)).byError)).toEqual({})
})
