/** The daemon seen from its host: scripts, signals, files, the service manager, what it leaves behind. */
import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { parse } from 'yaml'
import { pinDirectoryFor } from '../../src/cli/daemon/places.ts'
import { hfsys } from '../../src/native/index.ts'
import { unixAddress } from '../../src/sys/notify/index.ts'
import { instance, VIRTUAL_ADDRESS, webService } from '../lab/configurations.ts'
import { lab } from '../lab/lab-test.ts'
import { type Host, type Lab, until } from '../lab/library/index.ts'
import { repositoryRoot } from '../lab/library/root.ts'

const program = (name: 'holdfastd' | 'holdfast') => [process.execPath, join(repositoryRoot, 'bin', name)]
const service = webService({ method: 'DR', realServers: ['192.0.2.21 80'] })

const alone = (lab: Lab): Host =>
  lab.host('director', { eth0: { segment: lab.segment(), addresses: ['192.0.2.11/24'] } })

const text = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '')

lab(
  'notify scripts run as their user, in the order of the changes, the specific one before the general one',
  async (lab) => {
    const host = alone(lab)
    const out = host.file('out', '')
    const script = host.file('notify.sh', `#!/bin/sh\necho "$(id -un) $*" >> ${out}\n`)
    await Promise.all([host.exec('chmod', '755', script), host.exec('chmod', '666', out)])
    const more = ['notify_master', 'notify_backup', 'notify_stop'].map((word) => `${word} "${script} ${word}"`)
    const scripts = `global_defs {\n  script_user nobody\n}\n`
    const daemon = await host.holdfastd(
      scripts + instance({ priority: 100, version: 3, advertInt: 0.1, more: [...more, `notify ${script}`] }),
    )
    await host.holds(VIRTUAL_ADDRESS)
    await until('the scripts of the master have run', () => text(out).includes('MASTER'))
    expect(await daemon.stop()).toBe(0)
    expect(text(out).trim().split('\n')).toEqual([
      'nobody notify_backup',
      'nobody INSTANCE VI_51 BACKUP 100',
      'nobody notify_master',
      'nobody INSTANCE VI_51 MASTER 100',
      'nobody notify_stop',
      'nobody INSTANCE VI_51 STOP 100',
    ])
  },
)

lab('a vrrp role that is killed and resumes runs no script again', async (lab) => {
  const host = alone(lab)
  const out = host.file('out', '')
  const script = host.file('notify.sh', `#!/bin/sh\necho "$*" >> ${out}\n`)
  await host.exec('chmod', '755', script)
  const daemon = await host.holdfastd(instance({ priority: 100, more: [`notify ${script}`] }))
  await host.holds(VIRTUAL_ADDRESS)
  await until('the script of the master has run', () => text(out).includes('MASTER'))
  await daemon.killRole('vrrp')
  const after = await daemon.shows(
    'a new vrrp role runs',
    ({ roles }) => roles[0]?.restarts === 1 && roles[0].state === 'running',
  )
  expect(after.virtualRouters[0]?.state).toBe('master')
  expect(text(out).trim().split('\n')).toEqual(['INSTANCE VI_51 BACKUP 100', 'INSTANCE VI_51 MASTER 100'])
})

lab(
  'without the right to load BPF it does not start: one sentence with what it needs, and exit code 1',
  async (lab) => {
    const host = alone(lab)
    const file = host.file('daemon.conf', service)
    const argv = [...program('holdfastd'), '-n', '-G', '-f', file, '--run-dir', join(host.directory, 'run')]
    const { status, stderr } = await host.exec('setpriv', '--bounding-set=-bpf,-sys_admin', ...argv)
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^.* error cannot start reason=".*forwarding needs root or CAP_BPF, .*"\n$/),
    ])
  },
)

lab('a second daemon on the same run directory is refused with the pid of the first', async (lab) => {
  const host = alone(lab)
  const daemon = await host.holdfastd(instance({ priority: 100 }))
  const { status, stderr } = await host.exec(
    ...[...program('holdfastd'), '-n', '-f', daemon.configurationFile, '--run-dir', daemon.runDirectory],
  )
  expect([status, stderr]).toEqual([1, expect.stringContaining(`already running (pid ${daemon.pid})`)])
  expect((await daemon.status()).virtualRouters).toHaveLength(1)
})

lab('without -n it serves in the background once the command has ended with 0, and writes its pid', async (lab) => {
  const host = alone(lab)
  const file = host.file('daemon.conf', instance({ priority: 100 }))
  const runDirectory = join(host.directory, 'run')
  const argv = [...program('holdfastd'), '-f', file, '--run-dir', runDirectory, '-p', join(host.directory, 'my.pid')]
  expect(await host.exec(...argv)).toMatchObject({ status: 0, stderr: '' })
  const pid = Number(text(join(host.directory, 'my.pid')))
  const status = await host.exec(...program('holdfast'), 'status', '--json', '--run-dir', runDirectory)
  expect(JSON.parse(status.stdout)).toMatchObject({ pid, roles: [{ role: 'vrrp', state: 'running' }, {}, {}] })
  process.kill(pid, 'SIGTERM')
  await until('it has ended', () => !existsSync(`/proc/${pid}`))
  expect(existsSync(join(host.directory, 'my.pid'))).toBe(false)
})

lab('in the background files are those named from where the user stands, and the daemon stands in /', async (lab) => {
  const host = alone(lab)
  await host.exec('mkdir', '-p', join(host.directory, 'conf.d'))
  host.file('conf.d/router.conf', instance({ priority: 100 }))
  host.file('daemon.conf', 'include conf.d/*.conf\n')
  const words = '-f daemon.conf --run-dir run -p main.pid -r vrrp.pid'
  const command = `cd ${host.directory} && exec ${program('holdfastd').join(' ')} ${words}`
  expect(await host.exec('sh', '-c', command)).toMatchObject({ status: 0, stderr: '' })
  const pid = Number(text(join(host.directory, 'main.pid')))
  const run = join(host.directory, 'run')
  const status = await host.exec(...program('holdfast'), 'status', '--json', '--run-dir', run)
  expect(JSON.parse(status.stdout)).toMatchObject({
    pid,
    configurationFile: join(host.directory, 'daemon.conf'),
    virtualRouters: [{ basePriority: 100 }],
    roles: [{ pid: Number(text(join(host.directory, 'vrrp.pid'))) }, {}, {}],
  })
  expect(readlinkSync(`/proc/${pid}/cwd`)).toBe('/')
  // A reload reads the same file.
  host.file('conf.d/router.conf', instance({ priority: 150 }))
  const reload = await host.exec(...program('holdfast'), 'reload', '--run-dir', run)
  expect(reload.status).toBe(0)
  process.kill(pid, 'SIGTERM')
  await until('it has ended', () => !existsSync(`/proc/${pid}`))
  expect(existsSync(join(host.directory, 'main.pid'))).toBe(false)
})

lab('a relative name in a directory that has been removed is refused with what to write instead', async (lab) => {
  const host = alone(lab)
  const gone = join(host.directory, 'gone')
  const command = `mkdir ${gone} && cd ${gone} && rmdir ${gone} && exec ${program('holdfastd').join(' ')} -f daemon.conf`
  expect(await host.exec('sh', '-c', command)).toMatchObject({
    status: 1,
    stderr: 'holdfastd: daemon.conf: the current directory does not exist any more; write the whole path\n',
  })
})

lab(
  'signals: HUP reloads, USR1 dumps the state where the configuration says, INT stops in order; -i and instance',
  async (lab) => {
    const host = alone(lab)
    const dump = join(host.directory, 'state')
    const globals = `instance BLUE\nglobal_defs {\n  state_dump_file ${dump}\n  data_use_instance\n}\n`
    const configuration = (priority: number) =>
      globals + instance({ priority }).replace(/( *priority) (\d+)/, '@green$1 1\n@blue$1 $2')
    const daemon = await host.holdfastd(configuration(100), { options: ['-i', 'blue'] })
    await host.holds(VIRTUAL_ADDRESS)
    expect((await daemon.status()).virtualRouters).toMatchObject([{ basePriority: 100 }])
    expect(text(join(daemon.runDirectory, 'holdfastd_BLUE.pid'))).toBe(`${daemon.pid}\n`)

    daemon.configure(configuration(150))
    daemon.process.signal('SIGHUP')
    await daemon.shows('the new priority', ({ virtualRouters }) => virtualRouters[0]?.basePriority === 150)

    daemon.process.signal('SIGUSR1')
    await until('the dump', () => text(`${dump}.BLUE`).includes('------< Configuration >------'))
    expect(text(`${dump}.BLUE`)).toMatch(/------< VRRP instance VI_51 >------\n(.*\n)* State = master\n/)

    daemon.process.signal('SIGINT')
    expect(await daemon.process.end()).toBe(0)
    expect(host.has(VIRTUAL_ADDRESS)).toBe(false)
  },
)

lab(
  "keepalived's real-time signals end nothing: JSON and cleared statistics are written, the rest is ignored",
  async (lab) => {
    const host = alone(lab)
    const file = host.file('daemon.conf', instance({ priority: 100, version: 3, advertInt: 0.1 }) + service)
    const runDirectory = join(host.directory, 'run')
    const argv = [...program('holdfastd'), '-n', '-f', file, '--run-dir', runDirectory]
    const daemon = host.spawn('holdfastd', argv, { ...process.env, TMPDIR: host.directory })
    await host.holds(VIRTUAL_ADDRESS)
    const status = async () =>
      JSON.parse((await host.exec(...program('holdfast'), 'status', '--json', '--run-dir', runDirectory)).stdout)
    const before = await status()
    const pids = [daemon.pid, ...before.roles.map(({ pid }: { pid: number }) => pid)]
    for (const pid of pids) for (const number of [36, 63, 64]) await host.exec('kill', `-${number}`, String(pid))

    const stats = await until('statistics', () => text(join(host.directory, 'keepalived.stats')) || undefined)
    expect(stats).toMatch(/VRRP Instance: VI_51\n.*\n.*\n {4}Sent: [1-9]/)
    const json = await until('JSON', () => text(join(host.directory, 'keepalived.json')) || undefined)
    expect(JSON.parse(json)).toMatchObject([{ data: { iname: 'VI_51', state: 2 }, stats: { become_master: 1 } }])
    await until('the counters began again', async () => (await status()).virtualRouters[0].becameMaster === 0)
    expect((await status()).roles).toEqual(before.roles)
    daemon.signal('SIGTERM')
    expect(await daemon.end()).toBe(0)
  },
)

lab(
  'holdfast reload prints every error with its place, says that nothing was changed, and ends with 1',
  async (lab) => {
    const host = alone(lab)
    const daemon = await host.holdfastd(instance({ priority: 100 }))
    const good = text(daemon.configurationFile)
    daemon.configure(`${good}vrrp_instance VI_2 {\n}\nvrrp_instance VI_3 {\n  virtual_router_id 300\n}\n`)
    const { status, stderr } = await daemon.holdfast('reload')
    expect([status, stderr.split('\n')[0]]).toEqual([1, 'holdfast: reload refused, nothing was changed:'])
    const last = good.split('\n').length
    expect(stderr).toMatch(new RegExp(`^  \\S+:${last}:1: error: vrrp_instance VI_2 `, 'm'))
    expect(stderr).toMatch(new RegExp(`^  \\S+:${last + 3}:21: error: virtual_router_id 300 `, 'm'))
    daemon.configure('')
    expect((await daemon.holdfast('reload')).stderr).toMatch(
      /: no vrrp_instance, no virtual_server and no bfd_instance in it; .*--allow-empty/,
    )
    expect((await daemon.status()).virtualRouters).toHaveLength(1)
    expect((await daemon.holdfast('reload', '--allow-empty')).status).toBe(0)
    expect((await daemon.status()).virtualRouters).toHaveLength(0)
  },
)

lab('the service manager hears READY, RELOADING with its time, READY again, and STOPPING', async (lab) => {
  const host = alone(lab)
  const system = hfsys()
  const socket = join(host.directory, 'notify')
  const fd = system.socket(1, 2 | 0o4000, 0)
  expect(system.bind(fd, unixAddress(socket))).toBe(0)
  const heard: string[] = []
  const listen = (state: string) =>
    until(`${state} is heard`, () => {
      const bytes = new Uint8Array(4096)
      const length = system.recvmsg(fd, bytes, undefined, undefined, 0, new Int32Array(3))
      if (length > 0) heard.push(new TextDecoder().decode(bytes.subarray(0, length)))
      return heard.at(-1)?.startsWith(state)
    })
  const file = host.file('daemon.conf', instance({ priority: 100 }))
  const argv = [...program('holdfastd'), '-n', '-f', file, '--run-dir', join(host.directory, 'run')]
  const daemon = host.spawn('holdfastd', argv, { ...process.env, NOTIFY_SOCKET: socket })
  await listen('READY=1')
  daemon.signal('SIGHUP')
  await listen('RELOADING=1')
  await listen('READY=1')
  daemon.signal('SIGTERM')
  await listen('STOPPING=1')
  expect(await daemon.end()).toBe(0)
  system.close(fd)
  expect(heard).toEqual([
    'READY=1\nSTATUS=1 virtual routers, 0 virtual servers',
    expect.stringMatching(/^RELOADING=1\nMONOTONIC_USEC=\d+$/),
    'READY=1\nSTATUS=1 virtual routers, 0 virtual servers',
    'STOPPING=1\nSTATUS=stopping',
  ])
})

lab('the checker is nobody, with no capability but raw sockets', async (lab) => {
  const host = alone(lab)
  const daemon = await host.holdfastd(service)
  const status = text(`/proc/${await daemon.pidOf('checker')}/status`)
  expect(/^Uid:\t(\d+)/m.exec(status)?.[1]).toBe('65534')
  expect(/^CapEff:\t([0-9a-f]+)/m.exec(status)?.[1]).toBe('0000000000002000')
  expect(/^NoNewPrivs:\t(\d)/m.exec(status)?.[1]).toBe('1')
})

lab(
  'when the last virtual server goes, nothing of the table stays in the kernel; the router stays master',
  async (lab) => {
    const host = alone(lab)
    const router = instance({ priority: 100 })
    const daemon = await host.holdfastd(router + service)
    const pins = pinDirectoryFor(daemon.runDirectory)
    await host.holds(VIRTUAL_ADDRESS)
    expect(existsSync(pins)).toBe(true)

    daemon.configure(router)
    expect(await daemon.holdfast('reload')).toMatchObject({ status: 0, stdout: 'reloaded\n' })
    expect(existsSync(pins)).toBe(false)
    const { roles, virtualRouters, forwarding } = await daemon.status()
    expect(roles.map(({ state }) => state)).toEqual(['running', 'stopped', 'stopped'])
    expect([virtualRouters[0]?.state, virtualRouters[0]?.becameMaster, forwarding]).toEqual(['master', 1, undefined])
  },
)

lab('a table left by a killed daemon is cleared when the next one has no virtual servers', async (lab) => {
  const host = alone(lab)
  const router = instance({ priority: 100 })
  const daemon = await host.holdfastd(router + service)
  const pins = pinDirectoryFor(daemon.runDirectory)
  daemon.killAll()
  await daemon.process.end()
  expect(existsSync(pins)).toBe(true)
  daemon.configure(router)
  await daemon.restart()
  await until('the pins are gone', () => !existsSync(pins))
})

lab('-I leaves the table at stop, and a later daemon takes it over', async (lab) => {
  const host = alone(lab)
  const daemon = await host.holdfastd(service, { options: ['-I'] })
  const pins = pinDirectoryFor(daemon.runDirectory)
  expect(await daemon.stop()).toBe(0)
  expect(existsSync(pins)).toBe(true)
  await daemon.restart()
  await daemon.shows('the service', ({ forwarding }) => forwarding?.services.length === 1)
})

lab('a service that this version cannot do fails alone, with its reason in the status', async (lab) => {
  const host = alone(lab)
  const daemon = await host.holdfastd(
    service +
      'virtual_server fe80::101 80 {\n  lb_algo rr\n  lb_kind DR\n  protocol TCP\n  real_server 2001:db8::21 80 {\n  }\n}\n',
  )
  const { forwarding } = await daemon.shows('both services', (status) => status.forwarding?.services.length === 2)
  expect(forwarding?.services.find(({ key }) => key === 'tcp/[fe80::101]:80')?.failure).toMatch(
    /a link-local address cannot be a virtual address/,
  )
  expect(forwarding?.services.find(({ key }) => key === 'tcp/192.0.2.100:80')?.failure).toBeUndefined()
  expect((await daemon.holdfast('status')).stdout).toMatch(/a link-local address cannot be a virtual address/)
})

lab('status comes as a table, JSON and YAML, and --watch goes on until it is ended', async (lab) => {
  const host = alone(lab)
  const daemon = await host.holdfastd(instance({ priority: 100 }))
  expect((await daemon.holdfast('status')).stdout).toMatch(/^VIRTUAL ROUTER .*\nVI_51 +eth0\/51 v2 IPv4 /m)
  expect(parse((await daemon.holdfast('status', '--yaml')).stdout)).toMatchObject({ pid: daemon.pid })
  const watch = host.spawn('holdfast', [
    ...program('holdfast'),
    'status',
    '--json',
    '--watch',
    '0.2',
    '--run-dir',
    daemon.runDirectory,
  ])
  await until('three snapshots', () => watch.output.split('\n').filter((line) => line.includes('"pid"')).length >= 3)
  watch.signal('SIGINT')
  expect(await watch.end()).toBe(0)
})

lab('a role that is stopped by SIGSTOP is killed and comes back; what it held is held on', async (lab) => {
  const host = alone(lab)
  const daemon = await host.holdfastd(instance({ priority: 100 }) + service)
  await host.holds(VIRTUAL_ADDRESS)
  const stopped = await Promise.all((['vrrp', 'forwarding'] as const).map((role) => daemon.pidOf(role)))
  for (const pid of stopped) process.kill(pid ?? 0, 'SIGSTOP')
  await daemon.shows(
    'both roles run again',
    ({ roles }) => roles.filter(({ restarts, state }) => restarts === 1 && state === 'running').length === 2,
    40_000,
  )
  for (const pid of stopped) expect(existsSync(`/proc/${pid}`)).toBe(false)
  await host.holds(VIRTUAL_ADDRESS)
  expect(daemon.process.output).toMatch(/role does not answer; it is killed/)
})

lab('a role that hangs at a stop is killed, and the daemon ends', async (lab) => {
  const host = alone(lab)
  const daemon = await host.holdfastd(`child_wait_time 1\n${service}`)
  const checker = await daemon.pidOf('checker')
  process.kill(checker ?? 0, 'SIGSTOP')
  expect(await daemon.stop()).toBe(0)
  expect(existsSync(`/proc/${checker}`)).toBe(false)
})
