/** The built commands as a user calls them; what needs interfaces is in test/lab. */
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'

// Each starts programs, which a busy machine makes wait.
vi.setConfig({ testTimeout: 30_000 })

const directory = mkdtempSync(join(tmpdir(), 'holdfast-cli-'))
chmodSync(directory, 0o755)
afterAll(() => rmSync(directory, { recursive: true }))

const file = (name: string, text: string): string => {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}
/** No interface in it: nothing depends on this host. */
const server = (more = '') => `virtual_server 192.0.2.1 80 {
  lb_algo rr
  lb_kind DR
  ${more}
  protocol TCP
  real_server 192.0.2.2 80 {
  }
}
`
const router = (name: string, id: number, more = '') => `vrrp_instance ${name} {
  interface eth0
  virtual_router_id ${id}
  ${more}
  virtual_ipaddress { 192.0.2.${id} }
}
`
const good = file('good.conf', server())
const warned = file('warned.conf', server('deley_loop 3'))

function call(program: 'holdfastd' | 'holdfast', ...argv: string[]) {
  const { status, stdout, stderr } = spawnSync(`bin/${program}`, argv, { encoding: 'utf8', timeout: 20_000 })
  return { status, stdout, stderr }
}

describe('holdfastd', () => {
  test('-t says nothing about a good file and ends with 0', () => {
    expect(call('holdfastd', '-t', '-f', good)).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  test('-t shows a complaint with its place, the line and a caret, and ends with 5', () => {
    const { status, stderr } = call('holdfastd', '-t', '-f', warned)
    expect(status).toBe(5)
    expect(stderr).toMatch(/^\S+warned\.conf:4:3: warning: .*deley_loop.*\n.*deley_loop 3\n *(\d+ *\|)? *\|? *\^/m)
    expect(stderr).toMatch(/delay_loop/)
  })

  test('-t=FILE appends the complaints to a file', () => {
    const out = file('out', 'before\n')
    expect(call('holdfastd', `--config-test=${out}`, '-f', warned)).toEqual({ status: 5, stdout: '', stderr: '' })
    expect(readFileSync(out, 'utf8')).toMatch(/^before\n.*warned\.conf:4:3/)
  })

  test('-t of a missing file names it and ends with 4', () => {
    const { status, stderr } = call('holdfastd', '-t', '-f', '/nowhere.conf')
    expect([status, stderr]).toEqual([4, expect.stringMatching(/\/nowhere\.conf.*no such configuration file/)])
  })

  test('without a usable file it does not start: one sentence, exit code 6', () => {
    const argv = ['-G', '-f', '/nowhere.conf', '--run-dir', join(directory, 'run')]
    const { status, stderr } = call('holdfastd', ...argv)
    expect([status, stderr]).toEqual([6, expect.stringMatching(/^holdfastd: \/nowhere\.conf:1:1: .*\n$/)])
  })

  test('with nothing to run it does not start: exit code 2', () => {
    const empty = file('empty.conf', '')
    const { status, stderr } = call('holdfastd', '-G', '-f', empty, '--run-dir', join(directory, 'run'))
    expect([status, stderr]).toEqual([2, expect.stringMatching(/empty\.conf: nothing to run/)])
  })

  test('an unknown option ends with 1 and its name', () => {
    expect(call('holdfastd', '--frobnicate')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/--frobnicate/),
    })
  })

  /** A copy that other users can read, without some parts; with privileges as setpriv takes them. */
  function callCopy(without: readonly string[], privileges: readonly string[], ...argv: string[]) {
    const copy = mkdtempSync(join(directory, 'tree-'))
    chmodSync(copy, 0o755)
    for (const part of ['bin', 'dist', 'build/native', 'package.json'])
      cpSync(part, join(copy, part), { recursive: true })
    for (const part of without) rmSync(join(copy, part))
    // Copied, not linked: this tree may stand where only its owner looks, in /root.
    spawnSync(process.execPath, ['scripts/install-modules.mjs', copy])
    const command = [...privileges, process.execPath, join(copy, 'bin/holdfastd'), '-n', '-G', ...argv]
    const { status, stderr } = spawnSync('setpriv', command, { encoding: 'utf8', timeout: 20_000 })
    rmSync(copy, { recursive: true })
    return { status, stderr }
  }
  const nobody = ['--reuid=65534', '--clear-groups', '--inh-caps=-all']
  const nobodyWithNetwork = [
    '--reuid=65534',
    '--clear-groups',
    '--inh-caps=+net_admin,+net_raw',
    '--ambient-caps=+net_admin,+net_raw',
  ]
  const place = `${directory}/run`

  const starts: readonly [string, () => { status: number | null; stderr: string }, number, RegExp][] = [
    [
      'without privileges: which it has not got and which it needs',
      () => callCopy([], nobody, '-f', good),
      4,
      /^holdfastd: no permission: no CAP_NET_ADMIN and CAP_NET_RAW; it needs root \(or CAP_NET_ADMIN, .*\)\n$/,
    ],
    [
      'as root without raw sockets: the same',
      () => callCopy([], ['--bounding-set=-net_raw'], '-f', good),
      4,
      /^holdfastd: no permission: no CAP_NET_RAW; it needs root .*\n$/,
    ],
    [
      'with a run directory that it may not make: the directory and the option',
      () => {
        const closed = join(directory, 'closed')
        mkdirSync(closed, { mode: 0o755 })
        return callCopy([], nobodyWithNetwork, '-f', good, '--run-dir', join(closed, 'run'))
      },
      1,
      /^.* error cannot start reason="\S+\/closed\/run: permission denied; name another .* --run-dir"\n$/,
    ],
    [
      'with a configuration that it may not read: the file and what to do',
      () => {
        const secret = file('secret.conf', server())
        chmodSync(secret, 0o600)
        const own = mkdtempSync(join(directory, 'run-'))
        chmodSync(own, 0o777)
        return callCopy([], nobodyWithNetwork, '-f', secret, '--run-dir', own)
      },
      6,
      /^.* error cannot start reason="\S+secret\.conf:1:1: error: cannot read the configuration file: permission denied; run as root, or make it readable"\n$/,
    ],
    [
      'without its addon: the file and how it is made',
      () => callCopy(['build/native/hfsys.node'], [], '-f', good),
      1,
      /^holdfastd: build\/native\/hfsys\.node is missing: run `make build`\n$/,
    ],
    [
      'with a network namespace that there is not: its name and how it is made',
      () => callCopy([], [], '-f', good, '-s', 'nowhere', '--run-dir', place),
      1,
      /^holdfastd: nowhere: no such network namespace; create it with `ip netns add nowhere`\n$/,
    ],
    [
      'with a broken file: its first error, once',
      () => callCopy([], [], '-f', file('broken.conf', 'vrrp_instance X {\n'), '--run-dir', place),
      2,
      /^.*broken\.conf:1:17: error: missing \}.*\n.* error cannot start reason="\S+broken\.conf: nothing to run: .*; \S+broken\.conf:1:1: error: vrrp_instance X .*"\n$/,
    ],
  ]
  for (const [how, start, exitCode, sentence] of starts)
    test(`${how}, and exit code ${exitCode}`, () => {
      const { status, stderr } = start()
      expect([status, stderr]).toEqual([exitCode, expect.stringMatching(sentence)])
    })
})

describe('holdfast', () => {
  test('status without a daemon names the socket it looked for', () => {
    expect(call('holdfast', 'status', '--run-dir', directory)).toEqual({
      status: 1,
      stdout: '',
      stderr: `holdfast: holdfastd is not running (no ${directory}/control.sock); start it, or name its directory with --run-dir\n`,
    })
  })

  test('a large file is tested as a small one is', () => {
    const large = file('large.conf', `${'# a comment that is long enough\n'.repeat(40_000)}wibble\n`)
    const { status, stderr } = call('holdfastd', '-t', '-f', large)
    expect([status, stderr]).toEqual([5, expect.stringMatching(/large\.conf:40001:1: warning: unknown keyword wibble/)])
    expect(call('holdfastd', '-t', '--strict', '-f', large)).toMatchObject({
      status: 4,
      stderr: expect.stringMatching(/large\.conf:40001:1: error: unknown keyword wibble/),
    })
  })

  test('config check agrees with holdfastd -t', () => {
    expect(call('holdfast', 'config', 'check', good)).toMatchObject({ status: 0, stderr: '' })
    expect(call('holdfast', 'config', 'check', warned).status).toBe(5)
  })

  test('config lint ends with what it found, and takes no name that is no rule', () => {
    const lone = file('lone.conf', server())
    const found = call('holdfast', 'config', 'lint', lone)
    expect(found.status).toBe(1)
    expect(found.stdout).toMatch(/\[single-real-server\]\n/)
    const names = 'single-real-server,without-checker'
    expect(call('holdfast', 'config', 'lint', '--without', names, lone)).toMatchObject({
      status: 0,
      stdout: `${lone}: nothing to complain of\n`,
    })
    expect(call('holdfast', 'config', 'lint', '--without', 'sigle', lone)).toMatchObject({
      status: 2,
      stderr: 'there is no rule sigle; `holdfast config lint --rules` lists them\n',
    })
    expect(call('holdfast', 'config', 'lint', file('broken.conf', 'virtual_server {\n')).status).toBe(2)
  })

  test('diagnostics as JSON and as SARIF', () => {
    const asJson = call('holdfast', 'config', 'check', '--format', 'json', warned)
    expect(asJson.status).toBe(5)
    expect(JSON.parse(asJson.stdout)).toMatchObject([{ file: warned, severity: 'warning' }])
    const asSarif = call('holdfast', 'config', 'check', '--format', 'sarif', warned)
    expect(JSON.parse(asSarif.stdout)).toMatchObject({ version: '2.1.0', runs: [{ results: [{ level: 'warning' }] }] })
  })

  test('config compare tells whether two files make a pair', () => {
    const one = file('one.conf', router('VI_1', 51, 'priority 150'))
    const other = file('other.conf', router('VI_1', 51, 'priority 90'))
    expect(call('holdfast', 'config', 'compare', one, other)).toMatchObject({
      status: 0,
      stdout: 'the two files make a pair\n',
    })
    const alone = file('alone.conf', router('VI_1', 52))
    const { status, stdout } = call('holdfast', 'config', 'compare', one, alone)
    expect(status).toBe(2)
    expect(stdout).toMatch(/has no counterpart .* \[pair-router-missing\]/)
  })

  test('config fmt writes files in one layout, with their mode, and leaves what it cannot do', () => {
    const crooked = file('crooked.conf', 'virtual_server 192.0.2.1 80{\nprotocol   TCP  # why\n}\n')
    chmodSync(crooked, 0o640)
    const straight = 'virtual_server 192.0.2.1 80 {\n    protocol TCP  # why\n}\n'
    expect(call('holdfast', 'config', 'fmt', crooked)).toEqual({ status: 0, stdout: straight, stderr: '' })
    expect(call('holdfast', 'config', 'fmt', '--check', crooked)).toMatchObject({ status: 1, stdout: `${crooked}\n` })
    expect(call('holdfast', 'config', 'fmt', '-w', crooked)).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(readFileSync(crooked, 'utf8')).toBe(straight)
    expect(statSync(crooked).mode & 0o777).toBe(0o640)
    expect(call('holdfast', 'config', 'fmt', '--check', crooked)).toMatchObject({ status: 0, stdout: '' })
    const open = file('open.conf', 'virtual_server {\n')
    expect(call('holdfast', 'config', 'fmt', '-w', open)).toEqual({
      status: 2,
      stdout: '',
      stderr: `${open}:1: the block opened here is never closed; the file is left as it is\n`,
    })
  })

  test('config explain answers for a word, and for one that is none', () => {
    expect(call('holdfast', 'config', 'explain', 'virtual_server.quorum').stdout).toMatch(/^quorum N\n/)
    expect(call('holdfast', 'config', 'explain', 'quroum')).toEqual({
      status: 1,
      stdout: '',
      stderr: 'there is no keyword quroum; did you mean quorum?\n',
    })
  })

  // The sleep is the reader's own: more waits for it than a pipe takes at once.
  test('a reader that takes its time gets everything', () => {
    const { stdout } = spawnSync('sh', ['-c', '"$0" config reference | (sleep 0.5; wc -c)', 'bin/holdfast'], {
      encoding: 'utf8',
    })
    expect(Number(stdout)).toBe(readFileSync(join(import.meta.dirname, '../../docs/keywords.md')).length)
  })

  test('config print writes every default, and what it writes means the same', () => {
    const printed = call('holdfast', 'config', 'print', good)
    expect(printed.stdout).toMatch(/virtual_server 192\.0\.2\.1 80 \{[^}]*weight 1/)
    const again = file('again.conf', printed.stdout)
    expect(call('holdfast', 'config', 'diff', good, again)).toMatchObject({ status: 0, stdout: 'no changes\n' })
  })

  test('config diff tells what a reload would change', () => {
    const before = file('before.conf', router('VI_1', 51))
    const after = file('after.conf', router('VI_1', 51, 'priority 150') + router('VI_2', 52))
    const { status, stdout } = call('holdfast', 'config', 'diff', before, after)
    expect(status).toBe(1)
    expect(stdout).toBe(
      '+ vrrp_instance VI_2: begins as backup\n~ vrrp_instance VI_1: stays what it is\n    priority 100 → 150\n',
    )
  })
})
