/** What changes a process for good is tried in a child, which runs the built modules. */

import { execFile, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { enterNetworkNamespace, hasCapability, lockFile } from '../../src/sys/privileges/index.ts'
import { programMappings } from '../../src/sys/privileges/locked-memory.ts'
import { until } from './namespaces.ts'

const run = promisify(execFile)
const directory = mkdtempSync(join(tmpdir(), 'hfsys-'))
afterAll(() => rmSync(directory, { recursive: true }))

const PREAMBLE = `
  import { readFileSync } from 'node:fs'
  import * as privileges from ${JSON.stringify(new URL('../../dist/sys/privileges/index.js', import.meta.url).href)}
  const status = (field) => readFileSync('/proc/thread-self/status', 'utf8').match(new RegExp('^' + field + ':\\\\s*(.*)$', 'm'))[1]
  const print = (value) => console.log(JSON.stringify(value))
`

/** The JSON that a program prints in a process of its own. */
async function child(body: string): Promise<unknown> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', PREAMBLE + body], { timeout: 20_000 })
  return JSON.parse(stdout)
}

describe('dropping privileges', () => {
  test('the user, its group and no other, and of the capabilities only those kept', async () => {
    const seen = await child(`
      const dropped = privileges.dropTo({ user: 'nobody', keep: ['net_raw', 'bpf'] })
      print({ dropped, uids: status('Uid'), gids: status('Gid'), groups: process.getgroups(),
        raw: privileges.hasCapability('net_raw'), bpf: privileges.hasCapability('bpf'), admin: privileges.hasCapability('net_admin'),
        effective: status('CapEff'), bounding: status('CapBnd'), noNewPrivileges: status('NoNewPrivs') })
    `)
    expect(seen).toEqual({
      dropped: { ok: true },
      uids: '65534\t65534\t65534\t65534',
      gids: '65534\t65534\t65534\t65534',
      groups: [65534],
      raw: true,
      bpf: true,
      admin: false,
      effective: '0000008000002000',
      bounding: '0000008000002000',
      noNewPrivileges: '1',
    })
  })

  test('with nothing kept, every thread of the process has nothing', async () => {
    const seen = await child(`
      import { readdirSync } from 'node:fs'
      privileges.dropTo({ user: 'nobody', group: 'daemon', keep: [] })
      const threads = readdirSync('/proc/self/task').map((id) => readFileSync('/proc/self/task/' + id + '/status', 'utf8'))
      print({ several: threads.length > 1, bare: threads.every((text) => /CapEff:\\s*0{16}/.test(text) && /CapPrm:\\s*0{16}/.test(text)),
        group: process.getgid(), root: threads.some((text) => /^Uid:.*\\b0\\b/m.test(text)) })
    `)
    expect(seen).toEqual({ several: true, bare: true, group: 1, root: false })
  })

  test('a user or group that is not there is named', async () => {
    const seen = await child(`
      print([privileges.dropTo({ user: 'nobody-here', keep: [] }), privileges.dropTo({ user: 'nobody', group: 'nogroup-here', keep: [] })])
    `)
    expect(seen).toMatchObject([
      { ok: false, error: { code: 'ENOENT', message: expect.stringContaining('nobody-here: no such user') } },
      { ok: false, error: { code: 'ENOENT', message: expect.stringContaining('nogroup-here') } },
    ])
  })

  test('who is not root cannot, and is told as a value', async () => {
    const seen = await child(`
      privileges.dropTo({ user: 'nobody', keep: [] })
      print(privileges.dropTo({ user: 'daemon', keep: [] }))
    `)
    expect(seen).toMatchObject({ ok: false, error: { code: 'EPERM' } })
  })
})

describe('scheduling and names', () => {
  test('SCHED_RR is the main thread alone, and is not inherited', async () => {
    const seen = await child(`
      import { execFileSync } from 'node:child_process'
      import { readdirSync } from 'node:fs'
      const policy = (id) => Number(readFileSync('/proc/self/task/' + id + '/stat', 'utf8').split(') ')[1].split(' ')[38])
      const set = privileges.setRealTime(7)
      const others = readdirSync('/proc/self/task').filter((id) => Number(id) !== process.pid).map(policy)
      const heir = Number(execFileSync('cat', ['/proc/self/stat'], { encoding: 'utf8' }).split(') ')[1].split(' ')[38])
      const before = policy(process.pid)
      const unset = privileges.setRealTime(0)
      print({ set, before, others: others.every((each) => each === 0), heir, unset, after: policy(process.pid) })
    `)
    expect(seen).toEqual({ set: { ok: true }, before: 2, others: true, heir: 0, unset: { ok: true }, after: 0 })
  })

  test('a priority that does not exist is refused with the number', async () => {
    const seen = await child('print(privileges.setRealTime(100))')
    expect(seen).toMatchObject({ ok: false, error: { code: 'EINVAL' } })
  })

  test('the name is what ps shows', async () => {
    expect(await child(`privileges.setProcessName('holdfast-vrrp'); print(status('Name'))`)).toBe('holdfast-vrrp')
  })

  test('a child that asked for it gets its signal when the parent is killed', async () => {
    const grandchild = `${PREAMBLE}
      privileges.parentDeathSignal('SIGTERM')
      console.log(process.pid)
      setTimeout(() => {}, 60_000)
    `
    const parent = spawn(
      process.execPath,
      [
        '-e',
        `require('child_process').spawn(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(grandchild)}], { stdio: ['ignore', 'inherit', 'ignore'], detached: true })`,
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    )
    let printed = ''
    parent.stdout.on('data', (data) => {
      printed += data
    })
    await until('the grandchild', () => printed.includes('\n'))
    const pid = Number(printed)
    expect(alive(pid)).toBe(true)
    parent.kill('SIGKILL')
    await until('its end', () => !alive(pid))
  })
})

/** A zombie that nobody has waited for is not. */
function alive(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

describe('the lock', () => {
  const path = join(directory, 'lock')

  test('is held by one, and free again after close', () => {
    const first = lockFile(path)
    expect(first.ok).toBe(true)
    expect(lockFile(path)).toMatchObject({ ok: false, error: { code: 'EAGAIN', call: 'flock' } })
    if (first.ok) first.value.close()
    const again = lockFile(path)
    expect(again.ok).toBe(true)
    if (again.ok) again.value.close()
  })

  test('is given up by a process that is killed', async () => {
    const holder = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `${PREAMBLE} print(privileges.lockFile(${JSON.stringify(path)}).ok); setTimeout(() => {}, 60_000)`,
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    )
    let printed = ''
    holder.stdout.on('data', (data) => {
      printed += data
    })
    await until('the holder', () => printed.includes('true'))
    expect(lockFile(path).ok).toBe(false)
    const ended = new Promise((resolve) => holder.once('exit', resolve))
    holder.kill('SIGKILL')
    await ended
    const taken = lockFile(path)
    expect(taken.ok).toBe(true)
    if (taken.ok) taken.value.close()
  })

  test('is not inherited by a program that is run meanwhile', () => {
    const held = lockFile(path)
    expect(execFileSync('ls', ['-l', '/proc/self/fd'], { encoding: 'utf8' })).not.toContain(path)
    if (held.ok) held.value.close()
  })

  test('in a folder that is not there is refused with the path', () => {
    const refused = lockFile(join(directory, 'no', 'lock'))
    expect(refused).toMatchObject({
      ok: false,
      error: { code: 'ENOENT', message: expect.stringContaining(join(directory, 'no', 'lock')) },
    })
  })
})

test('root has what it needs here', () => {
  expect(hasCapability('net_admin')).toBe(true)
})

test('a network namespace that is not there, or a file that is none, is refused with its path', () => {
  expect(enterNetworkNamespace('no-such-namespace')).toMatchObject({
    ok: false,
    error: { code: 'ENOENT', message: expect.stringContaining('/run/netns/no-such-namespace') },
  })
  expect(enterNetworkNamespace('/etc/passwd')).toMatchObject({ ok: false, error: { code: 'EINVAL' } })
})

describe('locked memory', () => {
  test('of the address space what is not V8’s', () => {
    const maps = [
      '00400000-00500000 r-xp 00000000 fe:00 77   /usr/bin/node',
      '00500000-00501000 ---p 00100000 fe:00 77   /usr/bin/node',
      '00600000-00700000 rw-p 00000000 00:00 0   [heap]',
      '1000000000-1000100000 rw-p 00000000 00:00 0 ',
      '7fffffff0000-7ffffffff000 rw-p 00000000 00:00 0   [stack]',
      '7ffffffff000-800000000000 r-xp 00000000 00:00 0   [vdso]',
      'no mapping',
      '',
    ].join('\n')
    expect(programMappings(maps)).toEqual([
      { address: 0x400000, length: 0x100000 },
      { address: 0x600000, length: 0x100000 },
      { address: 0x7fffffff0000, length: 0xf000 },
    ])
  })

  test('collections of garbage go on', async () => {
    const seen = await child(`
      const failures = privileges.applyRunSettings({ locksProgram: true })
      let kept = Array.from({ length: 2_000_000 }, (_, i) => ({ i }))
      kept = kept.length
      ;(await import('node:v8')).setFlagsFromString('--expose-gc')
      const collect = (await import('node:vm')).runInNewContext('gc')
      for (let i = 0; i < 4; i++) collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
      print({ failures, kept, locked: Number.parseInt(status('VmLck')) > 20_000 })
    `)
    expect(seen).toEqual({ failures: [], kept: 2_000_000, locked: true })
  })
})

describe('a limit of processor time in the real-time class', () => {
  const limited = 'print(privileges.applyRunSettings({ processorTime: 200_000, realTimePriority: 1 }))'

  test('ends who never pauses', async () => {
    const endless = child(`${limited}\nprocess.on('SIGXCPU', () => {})\nfor (;;) {}`)
    await expect(endless).rejects.toMatchObject({ signal: 'SIGKILL', stdout: '[]\n' })
  })

  test('lets be who pauses, however much it takes in all', async () => {
    const seen = await child(`
      const { ok } = { ok: privileges.applyRunSettings({ processorTime: 200_000, realTimePriority: 1 }).length === 0 }
      const used = () => process.cpuUsage().user + process.cpuUsage().system
      const pause = () => new Promise((resolve) => setTimeout(resolve, 5))
      const all = used()
      while (used() < all + 400_000) {
        const begin = used()
        while (used() < begin + 20_000);
        await pause()
      }
      print(ok)
    `)
    expect(seen).toBe(true)
  })
})
