import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { lookUpIdentity } from '../../../src/sys/accounts/index.ts'
import { runScript, type ScriptEnd, type ScriptOptions, unsafeScript } from '../../../src/sys/process/index.ts'

const directory = mkdtempSync(join(tmpdir(), 'holdfast-script-'))
chmodSync(directory, 0o777)
afterAll(() => rmSync(directory, { recursive: true }))

const run = (options: ScriptOptions): Promise<ScriptEnd> => new Promise((resolve) => void runScript(options, resolve))

function script(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text, { mode: 0o755 })
  chmodSync(path, 0o755)
  return path
}

test('arguments arrive as they are, without a shell', async () => {
  const out = join(directory, 'arguments')
  const path = script('arguments.sh', `#!/bin/sh\nprintf '%s\\n' "$@" > ${out}\n`)
  expect(await run({ argv: [path, 'a b', '$HOME', '`id`'] })).toMatchObject({ ok: true, value: { code: 0 } })
  expect(readFileSync(out, 'utf8')).toBe('a b\n$HOME\n`id`\n')
})

test('a text without #! is run by the shell', async () => {
  const out = join(directory, 'plain')
  expect(await run({ argv: [script('plain.sh', `echo "$1" > ${out}\n`), 'word'] })).toMatchObject({
    value: { code: 0 },
  })
  expect(readFileSync(out, 'utf8')).toBe('word\n')
})

test('it runs as its user with that group and no others, in a process group of its own, with our umask', async () => {
  const out = join(directory, 'identity')
  const path = script('identity.sh', `#!/bin/sh\n(id -un; id -Gn; ps -o pgid= -p $$ | tr -d ' '; echo $$) > ${out}\n`)
  expect(await run({ argv: [path], user: 'nobody' })).toMatchObject({ value: { code: 0 } })
  const [user, groups, group, pid] = readFileSync(out, 'utf8').trim().split('\n')
  expect([user, groups, group]).toEqual(['nobody', 'nogroup', pid])
})

test('it does not inherit what it must not know, and its standard streams are empty', async () => {
  process.env['NOTIFY_SOCKET'] = '/nowhere'
  process.env['LD_LIBRARY_PATH'] = '/nowhere'
  const out = join(directory, 'environment')
  const path = script(
    'environment.sh',
    `#!/bin/sh\n(env; readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2) 2>&1 > ${out}\n`,
  )
  await run({ argv: [path] })
  delete process.env['NOTIFY_SOCKET']
  delete process.env['LD_LIBRARY_PATH']
  const text = readFileSync(out, 'utf8')
  expect(text).not.toMatch(/NOTIFY_SOCKET|LD_LIBRARY_PATH|NODE_CHANNEL/)
  expect(text.match(/^\/dev\/null$/gm)).toHaveLength(3)
})

test('killing it reaches what it has started', async () => {
  const ready = join(directory, 'ready')
  const path = script('long.sh', `#!/bin/sh\nsleep 1000 &\necho $! > ${ready}.new\nmv ${ready}.new ${ready}\nwait\n`)
  const ended = new Promise<ScriptEnd>((resolve) => {
    const running = runScript({ argv: [path] }, resolve)
    const poll = setInterval(() => {
      if (!existsSync(ready)) return
      clearInterval(poll)
      running.kill('SIGTERM')
    }, 20)
  })
  expect(await ended).toMatchObject({ value: { signal: 'SIGTERM' } })
  const sleeper = readFileSync(ready, 'utf8').trim()
  for (let i = 0; i < 100 && existsSync(`/proc/${sleeper}`); i++)
    await new Promise((resolve) => setTimeout(resolve, 20))
  expect(existsSync(`/proc/${sleeper}`)).toBe(false)
})

test('what it leaves behind when it is told to end, and does not end by itself, is killed', async () => {
  const ready = join(directory, 'stubborn')
  const path = script(
    'stubborn.sh',
    `#!/bin/sh\nsh -c 'trap "" TERM; echo $$ > ${ready}.new; mv ${ready}.new ${ready}; exec sleep 1000' &\nwait\n`,
  )
  const ended = new Promise<ScriptEnd>((resolve) => {
    const running = runScript({ argv: [path] }, resolve)
    const poll = setInterval(() => {
      if (!existsSync(ready)) return
      clearInterval(poll)
      running.kill('SIGTERM')
    }, 20)
  })
  expect(await ended).toMatchObject({ value: { signal: 'SIGTERM' } })
  const sleeper = readFileSync(ready, 'utf8').trim()
  expect(existsSync(`/proc/${sleeper}`)).toBe(true)
  await vi.waitUntil(() => !existsSync(`/proc/${sleeper}`), { timeout: 20_000 })
})

test('what one that ends by itself leaves behind is left alone', async () => {
  const left = join(directory, 'left')
  const path = script('leaving.sh', `#!/bin/sh\nsleep 1000 &\necho $! > ${left}\n`)
  expect(await run({ argv: [path] })).toMatchObject({ value: { code: 0 } })
  const sleeper = Number(readFileSync(left, 'utf8').trim())
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  expect(existsSync(`/proc/${sleeper}`)).toBe(true)
  process.kill(sleeper)
})

const failures: readonly [string, ScriptOptions, RegExp][] = [
  ['a missing program', { argv: ['/nowhere/script'] }, /ENOENT/],
  ['an unknown user', { argv: ['/bin/true'], user: 'no-such-user-here' }, /no-such-user-here: no such user/],
  ['an unknown group', { argv: ['/bin/true'], user: 'nobody', group: 'no-such-group-here' }, /no such group/],
  ['a user name that is a trick', { argv: ['/bin/true'], user: 'a:b\nc' }, /no such user/],
  ['no command at all', { argv: [] }, /empty command/],
]
for (const [what, options, reason] of failures)
  test(`${what} is a reason, not an exception`, async () => {
    const end = await run(options)
    expect(end.ok ? '' : end.error.message).toMatch(reason)
  })

test('a user has the group of its account, unless another is named', () => {
  expect(lookUpIdentity('root')).toEqual({ ok: true, value: { uid: 0, gid: 0 } })
  expect(lookUpIdentity('root', 'daemon')).toEqual({ ok: true, value: { uid: 0, gid: 1 } })
})

test('a script that root alone can change is safe; one in the hands of others is not, and the part is named', () => {
  expect(unsafeScript('/bin/sh')).toBeUndefined()
  const path = script('mine.sh', '')
  expect(unsafeScript(path)).toBe(`${directory} can be written by others than root (mode 0777, group root)`)
  chmodSync(directory, 0o755)
  expect(unsafeScript(path)).toBeUndefined()
  chmodSync(path, 0o757)
  expect(unsafeScript(path)).toBe(`${path} can be written by others than root (mode 0757, group root)`)
  chownSync(path, 65_534, 0)
  expect(unsafeScript(path)).toBe(`${path} belongs to nobody (mode 0757), not to root`)
  expect(unsafeScript(join(directory, 'absent.sh'))).toBe(`${directory}/absent.sh: no such file or directory`)
  chmodSync(directory, 0o777)
})

test('a link on the way that belongs to somebody else is not safe, nor what links lead through', () => {
  chmodSync(directory, 0o755)
  const safe = join(directory, 'safe')
  const open = join(directory, 'open')
  for (const [path, mode] of [
    [safe, 0o755],
    [open, 0o777],
  ] as const) {
    mkdirSync(path)
    chmodSync(path, mode)
  }
  writeFileSync(join(safe, 'check.sh'), '#!/bin/sh\n', { mode: 0o755 })
  symlinkSync(safe, join(directory, 'short'))
  symlinkSync('../safe', join(open, 'over'))
  symlinkSync('open/over', join(directory, 'roundabout'))
  symlinkSync('itself', join(directory, 'itself'))
  const through = (link: string) => unsafeScript(`${directory}/${link}/check.sh`)
  expect(through('short')).toBeUndefined()
  // Whoever may write to the directory between can have it lead elsewhere.
  expect(through('roundabout')).toBe(`${open} can be written by others than root (mode 0777, group root)`)
  expect(through('safe/../safe/.')).toBeUndefined()
  expect(through('itself')).toMatch(/^\S+\/itself: too many symbolic links on the way to \S+\/check\.sh$/)
  lchownSync(join(directory, 'short'), 65_534, 0)
  expect(through('short')).toBe(`${directory}/short belongs to nobody (mode 0777), not to root`)
  chmodSync(directory, 0o777)
})

test('a program without a path is looked at where it is found', () => {
  const path = process.env['PATH']
  script('found.sh', '')
  try {
    process.env['PATH'] = `/nowhere:${directory}:${path}`
    expect(unsafeScript('found.sh')).toBe(`${directory} can be written by others than root (mode 0777, group root)`)
    expect(unsafeScript('sh')).toBeUndefined()
    expect(unsafeScript('no-such-program')).toBeUndefined()
  } finally {
    process.env['PATH'] = path
  }
})

test('with supplementary groups it has those that the user has', async () => {
  const out = join(directory, 'groups')
  const path = script('groups.sh', `#!/bin/sh\n(id -u; id -g; id -G) > ${out}\n`)
  // Whoever has the most groups on this machine; on a bare one they are the user's own alone.
  const users = readFileSync('/etc/passwd', 'utf8').trim().split('\n')
  const names = users.map((line) => line.split(':')[0] ?? '').filter((name) => /^[a-z][a-z0-9_-]*$/.test(name))
  const groupsOf = (name: string) => execFileSync('id', ['-G', name], { encoding: 'utf8' }).trim().split(' ')
  const user = names.toSorted((a, b) => groupsOf(b).length - groupsOf(a).length)[0] ?? 'root'
  expect(await run({ argv: [path], user, supplementaryGroups: true })).toMatchObject({ value: { code: 0 } })
  const [, gid = '', groups = ''] = readFileSync(out, 'utf8').trim().split('\n')
  expect(new Set(groups.split(' '))).toEqual(new Set([gid, ...groupsOf(user)]))
})
