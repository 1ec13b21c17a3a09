/** net_namespace: the daemon starts in one network namespace and works in another. */
import { readlinkSync } from 'node:fs'
import { expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS, webService } from './configurations.ts'
import { lab } from './lab-test.ts'
import { until } from './library/index.ts'
import { routers } from './scenes.ts'

lab('everything runs in net_namespace, scripts too, and a reload cannot move it', async (lab) => {
  // The daemon starts at the onlooker's, and works at the strong one's.
  const { strong, onlooker } = routers(lab)
  const script = onlooker.file('where', '#!/bin/sh\nreadlink /proc/self/ns/net\n')
  await onlooker.exec('chmod', '755', script)
  const seen = `${onlooker.directory}/seen`
  const of = (namespace: string) =>
    `net_namespace ${namespace}\n${instance({
      version: 3,
      priority: 200,
      advertInt: 0.2,
      more: [`notify_master "/bin/sh -c '${script} > ${seen}'" root`],
    })}`
  const daemon = await onlooker.holdfastd(of(strong.namespace))
  await strong.holds(VIRTUAL_ADDRESS)
  expect(onlooker.has(VIRTUAL_ADDRESS)).toBe(false)
  const { stdout: there } = await strong.exec('readlink', '/proc/self/ns/net')
  await until('the script has run', async () => (await strong.exec('cat', seen)).stdout === there)

  daemon.configure(of(onlooker.namespace))
  const { status, stderr } = await daemon.holdfast('reload')
  expect(status).not.toBe(0)
  expect(stderr).toContain('net_namespace cannot change while the daemon runs')
  expect(strong.has(VIRTUAL_ADDRESS)).toBe(true)
  await daemon.stop()
  expect(strong.has(VIRTUAL_ADDRESS)).toBe(false)
})

const roles = ['vrrp', 'checker', 'forwarding'] as const

for (const [claim, words, apart] of [
  ['net_namespace_ipvs without a name forwards where the daemon was started', () => '', 'onlooker'],
  ['net_namespace_ipvs with a name forwards there', (name: string) => name, 'weak'],
] as const)
  lab(`${claim}, and all else is in net_namespace`, async (lab) => {
    const hosts = routers(lab)
    const { strong, onlooker } = hosts
    const configuration = [
      `net_namespace ${strong.namespace}`,
      `net_namespace_ipvs ${words(hosts.weak.namespace)}`,
      instance({ version: 3, priority: 200, advertInt: 0.2 }),
      webService({ method: 'DR', realServers: ['192.0.2.21 80'] }),
    ]
    const daemon = await onlooker.holdfastd(configuration.join('\n'))
    await strong.holds(VIRTUAL_ADDRESS)
    const namespaceOf = async (host: typeof strong) => (await host.exec('readlink', '/proc/self/ns/net')).stdout.trim()
    const [common, other] = [await namespaceOf(strong), await namespaceOf(hosts[apart])]
    for (const role of roles)
      expect([role, readlinkSync(`/proc/${await daemon.pidOf(role)}/ns/net`)]).toEqual([
        role,
        role === 'forwarding' ? other : common,
      ])
  })
