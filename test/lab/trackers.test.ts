/** A tracked script, interface and file move the address between Holdfast and Debian's keepalived, in either part; what becomes of interfaces and scripts. */
import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS } from './configurations.ts'
import { lab } from './lab-test.ts'
import type { Host } from './library/index.ts'
import { until } from './library/wait.ts'

const start = {
  holdfast: (host: Host, configuration: string) => host.holdfastd(configuration),
  keepalived: (host: Host, configuration: string) => host.keepalived(configuration),
} as const

for (const master of ['holdfast', 'keepalived'] as const) {
  const other = master === 'holdfast' ? 'keepalived' : 'holdfast'

  lab(`${master} falls behind ${other} by a script, an interface or a file, and returns`, async (lab) => {
    const [lan, side] = [lab.segment(), lab.segment('side')]
    const strong = lab.host('strong', {
      eth0: { segment: lan, addresses: ['192.0.2.11/24'] },
      eth1: { segment: side, addresses: ['10.0.0.11/24'] },
    })
    const weak = lab.host('weak', { eth0: { segment: lan, addresses: ['192.0.2.12/24'] } })
    const [alive, load] = [strong.file('alive', ''), strong.file('load', '0\n')]
    const configuration = [
      'global_defs {\n  script_user root\n  enable_script_security\n}\n',
      `vrrp_script alive {\n  script "/usr/bin/test -e ${alive}"\n  interval 0.2\n  weight -60\n  fall 2\n}\n`,
      `vrrp_track_file load {\n  file ${load}\n}\n`,
      instance({
        priority: 150,
        version: 3,
        advertInt: 0.2,
        more: [
          'track_script {',
          '  alive',
          '}',
          'track_interface {',
          '  eth1 weight -70',
          '}',
          'track_file {',
          '  load weight -1',
          '}',
        ],
      }),
    ].join('')
    const movesTo = async (to: Host, from: Host) => {
      await to.holds(VIRTUAL_ADDRESS)
      await from.releases(VIRTUAL_ADDRESS)
    }

    const daemon = await start[master](strong, configuration)
    await strong.holds(VIRTUAL_ADDRESS)
    await start[other](weak, instance({ priority: 100, version: 3, advertInt: 0.2 }))

    rmSync(alive)
    await movesTo(weak, strong)
    writeFileSync(alive, '')
    await movesTo(strong, weak)

    strong.linkDown('eth1')
    await movesTo(weak, strong)
    strong.linkUp('eth1')
    await movesTo(strong, weak)

    writeFileSync(load, '80\n')
    await movesTo(weak, strong)
    if ('status' in daemon)
      await daemon.shows('its priority is 70', ({ virtualRouters: [one] }) => one?.effectivePriority === 70)
    writeFileSync(load, '0\n')
    await movesTo(strong, weak)
    await until('the stronger one stays', () => strong.has(VIRTUAL_ADDRESS))
  })
}

lab(
  'an interface that is renamed, or removed and made anew, is followed by its name; a script that others may change is not run',
  async (lab) => {
    const side = lab.segment('side')
    const host = lab.host('host', {
      eth0: { segment: lab.segment(), addresses: ['192.0.2.11/24'] },
      eth1: { segment: side, addresses: ['10.0.0.11/24'] },
    })
    const [directory, ran] = [`${host.directory}/theirs`, `${host.directory}/ran`]
    mkdirSync(directory, { mode: 0o755 })
    const script = host.file('theirs/check.sh', `#!/bin/sh\ntouch ${ran}\n`)
    chmodSync(script, 0o755)
    chownSync(directory, 65534, 65534)
    const quick = { version: 3, advertInt: 0.2, priority: 150 } as const
    const inside = instance({ ...quick, virtualRouterId: 52, addresses: ['10.0.0.100/24'] }).replace('eth0', 'eth1')
    const outside = instance({
      ...quick,
      more: ['track_interface {', '  eth1 weight -70', '}', 'track_script {', '  theirs', '}'],
    })
    const daemon = await host.holdfastd(
      `global_defs {\n  script_user root\n  enable_script_security\n}\nvrrp_script theirs {\n  script ${script}\n}\n${outside}${inside}`,
    )
    const lost = (reason: string) =>
      daemon.shows(
        `the inner one in fault: ${reason}`,
        ({ virtualRouters: [one, two] }) =>
          one?.state === 'master' && one.effectivePriority === 80 && two?.faultReason === reason,
      )
    const whole = async () => {
      await host.holds(VIRTUAL_ADDRESS)
      await host.holds('10.0.0.100')
      await daemon.shows('its whole priority', ({ virtualRouters: [one] }) => one?.effectivePriority === 150)
    }
    await whole()
    expect(daemon.process.output).toContain(`${directory} belongs to nobody (mode 0755), not to root`)

    host.ip('link', 'set', 'eth1', 'name', 'renamed')
    await lost('eth1: no such interface')
    await host.releases('10.0.0.100')
    host.ip('link', 'set', 'renamed', 'name', 'eth1')
    await whole()

    host.ip('link', 'del', 'eth1')
    await lost('eth1: no such interface')
    side.plug(host.namespace, 'eth1')
    await lost('eth1: interface is down')
    host.linkUp('eth1')
    host.ip('addr', 'add', '10.0.0.11/24', 'dev', 'eth1')
    await whole()
    expect((await host.exec('test', '-e', ran)).status).toBe(1)
  },
)
