/** What the forwarding table and the packets of clients survive: crashes, a stop, pins of another version. */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import * as layout from '../../src/forwarding/ebpf/layout.ts'
import { u32 } from '../../src/forwarding/ebpf/struct.ts'
import { openPinnedMap } from '../../src/sys/bpf/index.ts'
import { address, attachScene, hasAll, start, takeVirtualAddresses, URLS } from './attach-scene.ts'
import { lab } from './lab-test.ts'
import { type Host, type Lab, summary, until } from './library/index.ts'

const MEGABYTES = 12
const NEXT = layout.LAYOUT_VERSION + 1

async function serving(lab: Lab) {
  const scene = attachScene(lab)
  address(scene)
  takeVirtualAddresses(scene.director, 'eth0')
  return { ...scene, daemon: await start(scene) }
}

/** A download through each service at 2 MiB a second; `all` is what curl and sha256sum say of each. */
async function downloads(client: Host) {
  const made = URLS.map(([url]) => `${url}/bulk/${MEGABYTES}`)
  const whole = `yes holdfast | tr -d '\\n' | head -c ${MEGABYTES << 20} | sha256sum`
  const expected = (await client.exec('sh', '-c', whole)).stdout
  const files = made.map((_, i) => join(client.directory, `download-${i}`))
  const all = Promise.all(
    made.map((url, i) => client.exec('curl', '-sS', '-g', '--limit-rate', '2M', '-m', '55', '-o', files[i]!, url)),
  )
  await until('every download has begun', () => files.every((file) => existsSync(file)))
  return {
    async arrive(): Promise<void> {
      expect(await all).toEqual(made.map(() => ({ status: 0, stdout: '', stderr: '' })))
      for (const file of files) {
        const { stdout } = await client.exec('sh', '-c', `sha256sum < ${file}`)
        expect(stdout).toBe(expected)
      }
    },
  }
}

const answers = async (client: Host): Promise<boolean[]> =>
  Promise.all(
    URLS.map(async ([url, server]) =>
      (await client.exec('curl', '-sfg', '-m5', `${url}/`)).stdout.startsWith(`${server} `),
    ),
  )
const ALL = URLS.map(() => true)

lab(
  'the forwarding process killed three times: no connection breaks, none is refused, the counters go on',
  async (lab) => {
    const { client, daemon } = await serving(lab)
    const running = await downloads(client)
    const load = await client.load(`${URLS[1][0]}/`, { sources: ['192.0.2.1'], every: 20, timeout: 10_000 })
    await until('clients are served', () => summary(load.requests).answered > 5)
    const connections = async () =>
      (await daemon.status()).forwarding?.services.reduce((sum, one) => sum + one.connections, 0) ?? 0
    const before = await connections()
    for (let round = 1; round <= 3; round++) {
      await daemon.killRole('forwarding')
      await daemon.shows(`forwarding runs again (${round})`, ({ roles }) =>
        roles.some(({ role, state, restarts }) => role === 'forwarding' && state === 'running' && restarts >= round),
      )
    }
    await running.arrive()
    await load.stop()
    expect(summary(load.requests).failed).toBe(0)
    expect(await connections()).toBeGreaterThan(before)
    const { forwarding } = await daemon.status()
    expect(forwarding?.services.map(({ destinations }) => destinations.length)).toEqual([1, 1, 1, 1])
  },
  300_000,
)

lab(
  'every process of the director killed and started anew: connections that were there go on',
  async (lab) => {
    const { client, daemon } = await serving(lab)
    const running = await downloads(client)
    daemon.killAll()
    expect(await answers(client)).toEqual(ALL)
    await daemon.restart()
    expect(await answers(client)).toEqual(ALL)
    await running.arrive()
  },
  300_000,
)

lab('a stop takes the services away, the programs and the pins with them; a start brings them back', async (lab) => {
  const { client, daemon, director } = await serving(lab)
  expect(await answers(client)).toEqual(ALL)
  expect(readdirSync(daemon.pinDirectory)).toContain('connections6')
  await daemon.stop()
  expect(await answers(client)).toEqual(URLS.map(() => false))
  expect(existsSync(daemon.pinDirectory)).toBe(false)
  const attached = await director.exec('tc', 'filter', 'show', 'dev', 'eth0', 'ingress')
  expect(attached.stdout).not.toContain('director')
  await daemon.restart()
  await hasAll(daemon)
  expect(await answers(client)).toEqual(ALL)
})

for (const [claim, spoil, report] of [
  [
    'pinned maps of another version',
    setLayout,
    new RegExp(`warn .*of another layout, so connections are lost .*version=${NEXT} wanted=${layout.LAYOUT_VERSION}`),
  ],
  [
    'pins of which some are missing, as a start that was cut short leaves them',
    removePins,
    /warn .*are missing, so connections are lost .*missing=embryos/,
  ],
] as const)
  lab(`${claim}: reported, made anew, and all services serve`, async (lab) => {
    const { client, daemon } = await serving(lab)
    daemon.killAll()
    await until('all are gone', () => daemon.pids().length === 0)
    spoil(daemon.pinDirectory)
    await daemon.restart()
    await daemon.process.line(report)
    await hasAll(daemon)
    expect(await answers(client)).toEqual(ALL)
  })

/** Writes another layout version where the daemon looks for it. */
function setLayout(directory: string): void {
  const map = openPinnedMap(join(directory, 'settings'))
  if (!map.ok || map.value === undefined) throw new Error('no settings')
  const held = layout.settings.decode(map.value.lookup(u32(0)) as Uint8Array)
  map.value.update(u32(0), layout.settings.encode({ ...held, layout: NEXT }))
  map.value.close()
}

function removePins(directory: string): void {
  for (const name of ['embryos', 'embryos6']) rmSync(join(directory, name))
}
