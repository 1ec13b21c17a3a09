/** Passwords and keys are in no output of the daemon, whichever way it is asked. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS } from '../lab/configurations.ts'
import { lab } from '../lab/lab-test.ts'
import { certify } from '../lab/library/certificates.ts'
import { type Host, type Lab, until } from '../lab/library/index.ts'
import { must } from '../lab/library/process.ts'
import { repositoryRoot } from '../lab/library/root.ts'

const program = (name: 'holdfastd' | 'holdfast') => [process.execPath, join(repositoryRoot, 'bin', name)]
const alone = (lab: Lab): Host =>
  lab.host('director', { eth0: { segment: lab.segment(), addresses: ['192.0.2.11/24'] } })
const text = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '')

const PASSWORD = 'sesame42'
const NEXT_PASSWORD = 'quince77'
const KEY_PASSWORD = 'walnut-tree 19'
const KEYS = [
  KEY_PASSWORD,
  'a key for connections, in plain words',
  'key of plain words, thirty-two of them',
  'c0ffee'.repeat(11).slice(0, 64),
  'a key that only systemd knows of us',
]

/** Every form in which a secret could be written down. */
const forms = (secret: string): readonly string[] => {
  const bytes = /^[0-9a-f]{64}$/.test(secret) ? Buffer.from(secret, 'hex') : Buffer.from(secret)
  const hex = bytes.toString('hex')
  return [secret, hex, hex.toUpperCase(), bytes.toString('base64').replace(/=+$/, ''), [...bytes].join(',')]
}

lab('no password and no key is in any log, status, dump, journal, plan, or file of the daemon', async (lab) => {
  const host = alone(lab)
  const run = join(host.directory, 'run')
  const credentials = join(host.directory, 'credentials')
  await host.exec('mkdir', '-m', '700', credentials)
  host.file('credentials/vrrp.key', `${KEYS[4]}\n`)
  const copies = join(host.directory, 'copies')
  const hmac = [
    'auth_hmac {',
    `  key 1 "${KEYS[2]}"`,
    `  key 2 hex:${KEYS[3]}`,
    '  key 3 cred:vrrp.key',
    '  active_key 3',
    '}',
  ]
  const shown = certify(host, 'director')
  const locked = join(host.directory, 'locked.key')
  must(['openssl', 'pkey', '-in', shown.key, '-aes256', '-passout', `pass:${KEY_PASSWORD}`, '-out', locked])
  // A line out of the middle of it.
  const secrets = [...KEYS, text(locked).split('\n')[2] ?? '']
  expect(secrets.at(-1)).toMatch(/^[\w+/]{64}$/)
  const configuration = (password: string) =>
    `global_defs {\n  state_dump_file ${host.directory}/keepalived.data\n  config_save_dir ${copies}\n` +
    `  lvs_sync_daemon eth0\n  lvs_sync_key "${KEYS[1]}"\n}\n` +
    `SSL {\n  certificate ${shown.pem}\n  key ${locked}\n  password "${KEY_PASSWORD}"\n}\n` +
    instance({ priority: 100, version: 3, advertInt: 0.1, more: hmac }) +
    instance({ priority: 100, version: 2, virtualRouterId: 52, addresses: ['192.0.2.102/24'], password })
  const file = host.file('secret.conf', configuration(PASSWORD))
  const environment = { ...process.env, TMPDIR: host.directory, CREDENTIALS_DIRECTORY: credentials }
  const daemon = host.spawn(
    'holdfastd',
    [...program('holdfastd'), '-P', '-n', '-d', '-D', '--log-json', '-f', file, '--run-dir', run],
    environment,
  )
  await host.holds(VIRTUAL_ADDRESS)
  await host.holds('192.0.2.102')

  const outputs = new Map<string, string>()
  const holdfast = async (...argv: readonly string[]) => {
    const { stdout, stderr } = await host.exec(
      'env',
      `CREDENTIALS_DIRECTORY=${credentials}`,
      ...program('holdfast'),
      ...argv,
    )
    outputs.set(argv.join(' '), stdout + stderr)
    return stdout
  }
  const asked = ['--run-dir', run]
  expect(await holdfast('config', 'print', file)).toContain('auth_pass ********')
  for (const format of ['conf', 'yaml', 'json']) await holdfast('config', 'show', '--format', format, file)
  await holdfast('config', 'lint', file)
  const other = host.file('other.conf', configuration(NEXT_PASSWORD))
  for (const format of ['text', 'json', 'sarif']) await holdfast('config', 'compare', '--format', format, file, other)
  await holdfast('config', 'diff', file, other)
  host.file('secret.conf', configuration(NEXT_PASSWORD).replaceAll('active_key 3', 'active_key 9\n  key 1 twice'))
  await holdfast('config', 'check', file)
  await holdfast('config', 'diff', ...asked)
  await holdfast('reload', ...asked)
  host.file('secret.conf', configuration(NEXT_PASSWORD))
  expect(await holdfast('config', 'diff', ...asked)).toContain('a password or key ******** → ********')
  await holdfast('config', 'diff', '--json', ...asked)
  await holdfast('reload', ...asked)
  for (const form of ['--json', '--yaml']) await holdfast('status', form, ...asked)
  await holdfast('status', ...asked)
  for (const name of ['VI_51', 'VI_52']) await holdfast('why', name, '--json', ...asked)
  await holdfast('log', '--json', ...asked)
  for (const number of ['USR1', 'USR2', '36']) await host.exec('kill', `-${number}`, String(daemon.pid))
  for (const name of ['keepalived.data', 'keepalived.stats', 'keepalived.json'])
    outputs.set(name, await until(name, () => text(join(host.directory, name)) || undefined))
  expect(outputs.get('keepalived.data')).toContain('VI_52')
  for (const entry of readdirSync(run)) {
    const path = join(run, entry)
    if (statSync(path).isFile()) outputs.set(path, text(path))
  }
  outputs.set('log', daemon.output)
  expect(daemon.output).toContain('"model"')
  const { roles } = JSON.parse(outputs.get(`status --json ${asked.join(' ')}`) ?? '{"roles":[]}')
  for (const { pid } of [{ pid: daemon.pid }, ...roles])
    if (pid !== undefined) outputs.set(`command line of ${pid}`, text(`/proc/${pid}/cmdline`))

  const found = [...outputs].flatMap(([where, output]) =>
    [PASSWORD, NEXT_PASSWORD, ...secrets].flatMap((secret) =>
      forms(secret)
        .filter((form) => output.includes(form))
        .map((form) => `${where}: ${form}`),
    ),
  )
  expect(found).toEqual([])
  // What is meant to hold them is for root alone.
  for (const name of readdirSync(copies)) {
    expect(text(join(copies, name))).toMatch(new RegExp(`${PASSWORD}|${NEXT_PASSWORD}`))
    expect(statSync(join(copies, name)).mode & 0o777).toBe(0o600)
  }
  expect(readdirSync(copies)).toHaveLength(2)
  expect(outputs.size).toBeGreaterThan(25)
  daemon.signal('SIGTERM')
  expect(await daemon.end()).toBe(0)
})
