/**
 * Tracked processes beside Debian's keepalived: real ones are started and killed, and both daemons come to the same priority.
 * keepalived hears of processes only in the first network namespace, so it runs on an interface pair of its own there;
 * Holdfast is on a host of the lab.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { instance } from './configurations.ts'
import { lab } from './lab-test.ts'
import { LabProcess, must } from './library/process.ts'
import { millis, until } from './library/wait.ts'

/** Names and command lines that nothing else on this machine has. */
const WORKER = `hfw${process.pid}`
const PAIR = [`hfk${process.pid}a`, `hfk${process.pid}b`] as const

const track = (name: string, program: string, more: readonly string[] = []): string =>
  `vrrp_track_process ${name} {\n  process ${program}\n${more.map((line) => `  ${line}\n`).join('')}}\n`

lab('processes come and go, and Holdfast and keepalived have the same priority', async (lab) => {
  const lan = lab.segment()
  const host = lab.host('router', { eth0: { segment: lan, addresses: ['192.0.2.11/24'] } })
  const program = join(host.directory, WORKER)
  copyFileSync('/bin/sleep', program)
  chmodSync(program, 0o755)
  const blocks = [
    track('named', WORKER, ['weight 1']),
    track('two', WORKER, ['quorum 2', 'weight 2']),
    track('one', WORKER, ['quorum_max 1', 'weight 4']),
    track('path', program, ['full_command', 'weight 8']),
    track('exact', `${program} 1001`, ['weight 16']),
    track('initial', `${program} 20`, ['param_match initial', 'weight -32']),
    track('none', WORKER, ['quorum_max 0', 'weight 64']),
  ].join('')
  const names = ['named', 'two', 'one', 'path', 'exact', 'initial', 'none']
  const configurationOn = (device: string) =>
    blocks +
    instance({
      priority: 100,
      version: 3,
      addresses: [`192.0.2.100/32 dev ${device}`],
      more: ['track_process {', ...names.map((name) => `  ${name}`), '}'],
    }).replace('interface eth0', `interface ${device}`)

  const workers = new Map<string, ChildProcess>()
  const start = (name: string, ...args: string[]) => workers.set(name, spawn(program, args))
  const stop = (name: string) => workers.get(name)?.kill('SIGKILL')

  must(['ip', 'link', 'add', PAIR[0], 'type', 'veth', 'peer', 'name', PAIR[1]])
  let keepalived: LabProcess | undefined
  try {
    for (const device of PAIR) must(['ip', 'link', 'set', device, 'up'])
    must(['ip', 'addr', 'add', '192.0.2.11/32', 'dev', PAIR[0]])
    const file = host.file('keepalived.conf', configurationOn(PAIR[0]))
    const pids = ['p', 'r', 'c', 'b'].flatMap((option) => [
      `-${option}`,
      join(host.directory, `keepalived-${option}.pid`),
    ])
    const peer = new LabProcess(
      'keepalived',
      ['keepalived', '-n', '-l', '-D', '-G', '-P', '-f', file, ...pids],
      process.env,
    )
    keepalived = peer
    await peer.line(/proc_events has confirmed/)
    const theirs = () =>
      Number(
        peer.lines
          .map(({ text }) => /Changing effective priority from \d+ to (\d+)/.exec(text)?.[1])
          .findLast((found) => found !== undefined) ?? 100,
      )
    const daemon = await host.holdfastd(configurationOn('eth0'))
    const agree = async (what: string, priority: number) => {
      await daemon.shows(`${what}: ${priority}`, ({ virtualRouters: [one] }) => one?.effectivePriority === priority)
      await until(`keepalived, ${what}: ${priority}`, () => theirs() === priority, { detail: () => peer.output })
    }

    // Nothing runs: `initial` takes its weight off, `none` is content, and `one` misses the one it needs.
    await agree('none runs', 100 - 32 + 64)
    start('a', '1001')
    await agree('one with the argument', 100 + 1 + 4 + 8 + 16 - 32)
    start('b', '2001')
    await agree('another whose argument begins as given', 100 + 1 + 2 + 8 + 16)
    stop('a')
    await agree('the first is killed', 100 + 1 + 4 + 8)
    start('c', '10')
    await agree('one with another argument', 100 + 1 + 2 + 8)
    stop('b')
    stop('c')
    await agree('all are killed', 100 - 32 + 64)
  } finally {
    for (const worker of workers.values()) worker.kill('SIGKILL')
    await keepalived?.stop('SIGTERM')
    must(['ip', 'link', 'del', PAIR[0]])
  }
})

lab(
  'a program that is killed and comes back within terminate_delay costs nothing, and one that stays away does',
  async (lab) => {
    const lan = lab.segment()
    const host = lab.host('router', { eth0: { segment: lan, addresses: ['192.0.2.11/24'] } })
    const name = `${WORKER}d`
    const program = join(host.directory, name)
    copyFileSync('/bin/sleep', program)
    chmodSync(program, 0o755)
    let worker = spawn(program, ['1000'])
    try {
      const tracked = track('worker', name, ['terminate_delay 3'])
      const daemon = await host.holdfastd(
        tracked + instance({ priority: 100, version: 3, advertInt: 0.2, more: ['track_process {', '  worker', '}'] }),
      )
      await host.holds('192.0.2.100')
      worker.kill('SIGKILL')
      worker = spawn(program, ['1000'])
      // Nothing is to happen, and only time can tell.
      await millis(4_000)
      expect((await daemon.status()).virtualRouters[0]).toMatchObject({ state: 'master', becameMaster: 1 })
      worker.kill('SIGKILL')
      await daemon.shows(
        'it is a fault once the delay is over',
        ({ virtualRouters: [one] }) => one?.faultReason === 'tracked process worker does not run, and 1 is needed',
      )
      worker = spawn(program, ['1000'])
      await host.holds('192.0.2.100')
    } finally {
      worker.kill('SIGKILL')
    }
  },
)
