/** Signals that come while a daemon starts: before it can do what they ask for, before its programs are loaded, and to its roles. */
import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS, webService } from './configurations.ts'
import { lab } from './lab-test.ts'
import { type Lab, until } from './library/index.ts'

const director = (lab: Lab) =>
  lab.host('director', { eth0: { segment: lab.segment('lan'), addresses: ['192.0.2.11/24'] } })
const other = '192.0.2.200'
const withOther = instance({ priority: 200, advertInt: 1, addresses: [`${VIRTUAL_ADDRESS}/24`, `${other}/24`] })

/** A script that a start waits for, after the configuration has been read and before anything runs. */
const atStart = (script: string): string => `global_defs {
  script_user root
  startup_script ${script}
}
`

lab('what comes while the program is being loaded is harmless', async (lab) => {
  const host = director(lab)
  // Sent at the loading of the first addon, which is before any of our own work.
  const signals = host.file(
    'signals.cjs',
    `const load = process.dlopen
if (/holdfastd$/.test(process.argv[1])) process.dlopen = function (...all) {
  process.dlopen = load
  for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2']) process.kill(process.pid, signal)
  process._rawDebug('signalled')
  return load.apply(this, all)
}
`,
  )
  const node = host.file('node.sh', `#!/bin/sh\nNODE_OPTIONS='--require ${signals}' exec ${process.execPath} "$@"\n`)
  chmodSync(node, 0o755)
  const daemon = await host.holdfastd(instance({ priority: 200 }), { node })
  await host.holds(VIRTUAL_ADDRESS)
  expect(daemon.process.output).toContain('signalled')
  expect(daemon.process.output).not.toContain('Debugger listening')
  // Not even a daemon that has read its configuration since then has to read it again.
  expect(daemon.process.output).not.toContain('reloading')
})

lab('signals to a role are for its supervisor: it goes on, and opens no debugger', async (lab) => {
  const host = director(lab)
  const daemon = await host.holdfastd(instance({ priority: 200 }))
  const pid = (await daemon.pidOf('vrrp')) ?? 0
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGUSR1'] as const) process.kill(pid, signal)
  await host.holds(VIRTUAL_ADDRESS)
  expect(await daemon.pidOf('vrrp')).toBe(pid)
  expect(daemon.process.output).not.toContain('Debugger listening')
})

lab('SIGHUP and SIGUSR1 during the start are done when it is over', async (lab) => {
  const host = director(lab)
  const [next, dump] = [host.file('next.conf', ''), join(host.directory, 'state')]
  const script = host.file(
    'start.sh',
    `#!/bin/sh\ncp ${next} ${host.directory}/holdfast.conf\nkill -HUP $PPID\nkill -USR1 $PPID\n`,
  )
  chmodSync(script, 0o755)
  const first = `${atStart(script).replace('}', `  state_dump_file ${dump}\n}`)}${instance({ priority: 200 })}`
  host.file('next.conf', first.replace(instance({ priority: 200 }), withOther))
  const daemon = await host.holdfastd(first)
  await host.holds(other)
  await until('the dump is written', () => existsSync(dump))
  expect(daemon.process.output).toMatch(/ running .* reloaded/s)
})

lab('SIGTERM during the start ends the daemon in order, and nothing else that came is done', async (lab) => {
  const host = director(lab)
  const script = host.file('start.sh', '#!/bin/sh\nkill -HUP $PPID\nkill -TERM $PPID\n')
  chmodSync(script, 0o755)
  const daemon = await host.holdfastd(`${atStart(script)}${instance({ priority: 200 })}`, { unready: true })
  expect(await daemon.process.end()).toBe(0)
  expect(daemon.process.output).not.toContain('reloading')
  expect(host.has(VIRTUAL_ADDRESS)).toBe(false)
})

lab(
  'a vrrp role that is killed while it is asked whether it can serve is started again, and the daemon starts',
  async (lab) => {
    const host = director(lab)
    const found = join(host.directory, 'role')
    // The role is there while the configuration is read. From here on it answers nothing.
    const script = host.file(
      'start.sh',
      `#!/bin/sh\nrole=$(pgrep -P $PPID -f vrrp) && kill -STOP $role && echo $role > ${found}\n`,
    )
    chmodSync(script, 0o755)
    const services = webService({ method: 'DR', realServers: ['192.0.2.21 80'] })
    const daemon = await host.holdfastd(`${atStart(script)}${instance({ priority: 200 })}${services}`, {
      unready: true,
    })
    // All three are asked at once: with a checker the question has been put.
    const isAsked = async () => (await host.exec('pgrep', '-P', String(daemon.pid), '-f', 'checker')).status === 0
    await until('the roles are asked', isAsked, { detail: () => daemon.process.output })
    const first = Number(readFileSync(found, 'utf8'))
    process.kill(first, 'SIGKILL')
    const { roles } = await daemon.ready()
    expect(roles.map(({ role, restarts }) => [role, restarts])).toEqual([
      ['vrrp', 1],
      ['checker', 0],
      ['forwarding', 0],
    ])
    expect(await daemon.pidOf('vrrp')).not.toBe(first)
    await host.holds(VIRTUAL_ADDRESS)
    expect(await daemon.stop()).toBe(0)
  },
)
