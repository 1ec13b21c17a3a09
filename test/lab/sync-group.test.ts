/** Two gateways between two networks, Holdfast and Debian's keepalived, each with its two virtual routers in a sync group. */
import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { instance } from './configurations.ts'
import { lab } from './lab-test.ts'
import type { Host } from './library/index.ts'
import { until } from './library/wait.ts'

const INSIDE = '10.0.0.100'
const OUTSIDE = '192.0.2.100'

const start = {
  holdfast: (host: Host, configuration: string) => host.holdfastd(configuration),
  keepalived: (host: Host, configuration: string) => host.keepalived(configuration),
} as const

/** Writes each of its arguments down. */
function notifyScript(host: Host): { readonly path: string; readonly lines: () => readonly string[] } {
  const log = `${host.directory}/notified`
  const path = host.file('notify.sh', `#!/bin/sh\necho "$*" >> ${log}\n`)
  chmodSync(path, 0o755)
  const all = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [])
  // keepalived 2.2 tells of a fault before the first state of all.
  return { path, lines: () => all().filter((line, i) => i > 0 || !line.includes('FAULT')) }
}

const gateway = (priority: number, notify: string) =>
  [
    'global_defs {\n  script_user root\n}\n',
    `vrrp_sync_group VG {\n  group {\n    VI_51\n    VI_52\n  }\n  notify ${notify}\n}\n`,
    instance({ priority, version: 3, advertInt: 0.2, addresses: [`${OUTSIDE}/24`], virtualRouterId: 51 }),
    instance({ priority, version: 3, advertInt: 0.2, addresses: [`${INSIDE}/24`], virtualRouterId: 52 }).replace(
      'interface eth0',
      'interface eth1',
    ),
  ].join('')

for (const master of ['holdfast', 'keepalived'] as const) {
  const other = master === 'holdfast' ? 'keepalived' : 'holdfast'

  lab(`${master} loses its inner network, and both addresses go to ${other}; they come back together`, async (lab) => {
    const [outside, inside] = [lab.segment('outside'), lab.segment('inside')]
    const host = (name: string, n: number): Host =>
      lab.host(name, {
        eth0: { segment: outside, addresses: [`192.0.2.${n}/24`] },
        eth1: { segment: inside, addresses: [`10.0.0.${n}/24`] },
      })
    const [strong, weak] = [host('strong', 11), host('weak', 12)]
    const scripts = { strong: notifyScript(strong), weak: notifyScript(weak) }
    const both = async (of: Host) => {
      await of.holds(OUTSIDE)
      await of.holds(INSIDE)
    }
    const neither = async (of: Host) => {
      await of.releases(OUTSIDE)
      await of.releases(INSIDE)
    }
    const told = (of: 'strong' | 'weak', lines: readonly string[]) =>
      until(`${of} is told of ${lines.join(', ')}`, () => scripts[of].lines().join() === lines.join(), {
        detail: () => scripts[of].lines().join('\n'),
      })

    await start[master](strong, gateway(200, scripts.strong.path))
    await both(strong)
    await start[other](weak, gateway(100, scripts.weak.path))

    strong.linkDown('eth1')
    await both(weak)
    await neither(strong)

    strong.linkUp('eth1')
    await both(strong)
    await neither(weak)
    await told('strong', [
      'GROUP VG BACKUP 0',
      'GROUP VG MASTER 0',
      'GROUP VG FAULT 0',
      'GROUP VG BACKUP 0',
      'GROUP VG MASTER 0',
    ])
    await told('weak', ['GROUP VG BACKUP 0', 'GROUP VG MASTER 0', 'GROUP VG BACKUP 0'])
    expect(weak.has(INSIDE)).toBe(false)
  })
}
