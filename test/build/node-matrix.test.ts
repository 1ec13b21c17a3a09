/** The tree that one Node built, addons included, run by the others: npm's Node 22 and 24 in build/node-matrix. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { instance, VIRTUAL_ADDRESS, webService } from '../lab/configurations.ts'
import { lab } from '../lab/lab-test.ts'
import { nowMillis, summary, until } from '../lab/library/index.ts'
import { directRouting } from '../lab/scenes.ts'
import { root, run } from './build.ts'

for (const major of [22, 24]) {
  const node = join(root, `build/node-matrix/node_modules/node-${major}/bin/node`)

  test(`Node ${major} is installed for the tests (scripts/setup matrix) and is that version`, async () => {
    expect(existsSync(node)).toBe(true)
    expect((await run([node, '--version'])).output).toMatch(new RegExp(`^v${major}\\.`))
  })

  test(`Node ${major} loads the addons as Node ${process.versions.node} built them`, async () => {
    for (const addon of ['hfsys', 'hfbpf', 'hfpcre']) {
      const load = `process.stdout.write(String(Object.keys(require('${root}/build/native/${addon}.node')).length > 0))`
      expect(await run([node, '-e', load])).toEqual({ status: 0, output: 'true' })
    }
  })

  test(`Node ${major} reads every example as this one does`, async () => {
    for (const example of ['lvs-dr-master', 'lvs-nat-backup', 'vrrp-v3-dual-stack', 'web-http-check']) {
      const argv = ['bin/holdfastd', '-t', '-f', `conf-examples/${example}.conf`]
      expect(await run([node, ...argv])).toEqual(await run([process.execPath, ...argv]))
    }
  })

  lab(`under Node ${major} a director holds its address, balances, reloads and leaves nothing behind`, async (lab) => {
    const scene = directRouting(lab, { directors: 1 })
    const [director] = scene.directors
    for (const [i, server] of scene.servers.entries()) await server.nginx({ listen: ['80'], body: `web${i + 1}` })
    const withPriority = (priority: number): string =>
      instance({ version: 3, advertInt: 0.1, priority }) +
      webService({ method: 'DR', realServers: ['192.0.2.21 80', '192.0.2.22 80'] })
    const daemon = await director!.holdfastd(withPriority(100), { node })
    await director!.holds(VIRTUAL_ADDRESS)
    const load = await scene.client.load(`http://${VIRTUAL_ADDRESS}/`, { sources: scene.sources, every: 10 })
    const begun = nowMillis()
    await until('both servers answer', () => summary(load.between(begun)).byServer.size === 2)
    daemon.configure(withPriority(120))
    expect((await daemon.holdfast('reload')).status).toBe(0)
    expect((await daemon.status()).virtualRouters[0]).toMatchObject({ state: 'master', effectivePriority: 120 })
    expect(summary(load.between(begun)).failed).toBe(0)
    expect(await daemon.stop()).toBe(0)
    expect(director!.has(VIRTUAL_ADDRESS)).toBe(false)
    expect(daemon.pids()).toEqual([])
  })
}
