import { expect, test } from 'vitest'
import { type DaemonOptions, parseDaemonOptions } from '../../src/cli/daemon/options.ts'
import { findConfiguration, pinDirectoryFor, withPlaces } from '../../src/cli/daemon/places.ts'

const options = (...argv: string[]): DaemonOptions => {
  const parsed = parseDaemonOptions(argv, '1.2.3')
  if (!parsed.ok) throw new Error(parsed.error.text)
  return parsed.value
}
const answer = (...argv: string[]) => {
  const parsed = parseDaemonOptions(argv, '1.2.3')
  if (parsed.ok) throw new Error('the daemon would start')
  return parsed.error
}

test('without options: in the background, syslog, everything runs, ebpf, /run/holdfast', () => {
  expect(options()).toEqual({
    strict: false,
    foreground: false,
    logConsole: false,
    logDetail: false,
    logJson: false,
    syslog: true,
    facility: 3,
    dumpConfiguration: false,
    vrrp: true,
    checkers: true,
    bfd: true,
    respawn: true,
    everyInclude: false,
    keepAddresses: false,
    keepForwarding: false,
    runDirectory: '/run/holdfast',
    backend: 'ebpf',
    ignoreInterrupt: false,
    withoutEffect: [],
  })
})

const rows: readonly [argv: string, Partial<DaemonOptions>][] = [
  ['-nlD', { foreground: true, logConsole: true, logDetail: true }],
  ['-nlDDR', { foreground: true, logDetail: true, respawn: false }],
  [
    '--dont-fork --log-console --log-detail --dump-conf',
    { foreground: true, logConsole: true, dumpConfiguration: true },
  ],
  ['-f /etc/x.conf', { configurationFile: '/etc/x.conf' }],
  ['--use-file=/etc/x.conf', { configurationFile: '/etc/x.conf' }],
  ['-t', { configTest: {} }],
  ['-t --strict', { configTest: {}, strict: true }],
  ['--config-test=/tmp/out', { configTest: { file: '/tmp/out' } }],
  ['-t /tmp/out -f x', { configTest: { file: '/tmp/out' }, configurationFile: 'x' }],
  ['-P', { vrrp: true, checkers: false }],
  ['-C', { vrrp: false, checkers: true }],
  ['-P -C', { vrrp: true, checkers: true }],
  ['-B', { vrrp: true, checkers: true, bfd: false }],
  ['-p a -r b -c c', { pidFile: 'a', vrrpPidFile: 'b', checkerPidFile: 'c' }],
  ['--pid a --vrrp_pid b --checkers_pid c', { pidFile: 'a', vrrpPidFile: 'b', checkerPidFile: 'c' }],
  ['-i blue', { configId: 'blue' }],
  ['-V -I', { keepAddresses: true, keepForwarding: true }],
  ['--dont-release-vrrp --dont-release-ipvs', { keepAddresses: true, keepForwarding: true }],
  ['-S 3', { facility: 19 }],
  ['-S local7', { facility: 23 }],
  ['-G', { syslog: false }],
  ['-u 0177', { umask: 0o177 }],
  ['-u 0x1f', { umask: 0o37 }],
  ['-e', { everyInclude: true }],
  ['-s blue', { namespace: 'blue' }],
  ['--run-dir /tmp/x --backend ipvs', { runDirectory: '/tmp/x', backend: 'ipvs' }],
  [
    '-x -m -a -X -M --debug',
    {
      withoutEffect: [
        '--release-vips',
        '--address-monitoring',
        '--snmp',
        '--core-dump',
        '--core-dump-pattern',
        '--debug',
      ],
    },
  ],
]
for (const [argv, expected] of rows)
  test(`holdfastd ${argv}`, () => expect(options(...argv.split(' '))).toMatchObject(expected))

test('an unknown option ends with 1 and is named', () => {
  expect(answer('--bogus')).toEqual({ exitCode: 1, text: "holdfastd: unknown option '--bogus'\n", stream: 'stderr' })
  expect(answer('-Z').text).toMatch(/-Z/)
})

test('a stray argument ends with 1', () => expect(answer('keepalived.conf').exitCode).toBe(1))

test('a bad value names the option and what it takes', () => {
  expect(answer('-S', 'mail').text).toMatch(/-S, --log-facility.*0-7, local0-local7, user or daemon/)
  expect(answer('-u', '999999').exitCode).toBe(1)
  expect(answer('--backend', 'pf').text).toMatch(/ebpf, ipvs/)
})

test('-h and -v print to standard error and end with 0', () => {
  expect(answer('-h')).toMatchObject({ exitCode: 0, stream: 'stderr' })
  expect(answer('-h').text).toMatch(/--dont-release-vrrp/)
  expect(answer('-v')).toEqual({ exitCode: 0, text: 'holdfast 1.2.3\n', stream: 'stderr' })
})

for (const [name, number] of [
  ['STOP', 15],
  ['RELOAD', 1],
  ['DATA', 10],
  ['STATS', 12],
  ['STATS_CLEAR', 63],
  ['JSON', 36],
  ['TDUMP', 64],
] as const)
  test(`--signum ${name} prints ${number}`, () =>
    expect(answer(`--signum=${name}`)).toEqual({ exitCode: 0, text: `${number}\n`, stream: 'stdout' }))

test('--signum of a signal there is not ends with 1', () => expect(answer('--signum', 'KILL').exitCode).toBe(1))

test('without -f the first configuration that exists is read; with none the first place is named', () => {
  expect(findConfiguration(undefined, () => false)).toBe('/etc/keepalived/keepalived.conf')
  expect(findConfiguration(undefined, (path) => path === '/etc/keepalived.conf')).toBe('/etc/keepalived.conf')
  expect(findConfiguration('/a/b', () => true)).toBe('/a/b')
})

test('each run directory has pins of its own', () => {
  expect(pinDirectoryFor('/run/holdfast')).toBe('/sys/fs/bpf/holdfast/run-holdfast')
  expect(pinDirectoryFor('/tmp/a.b/c')).toBe('/sys/fs/bpf/holdfast/tmp-a_b-c')
})

test('files are named from the directory that the user stands in', () => {
  const given = options(...'-f k.conf -p ../a.pid -r b.pid -c /run/c.pid --run-dir here'.split(' '))
  expect(withPlaces(given, '/home/user')).toEqual({
    ok: true,
    value: {
      ...given,
      configurationFile: '/home/user/k.conf',
      pidFile: '/home/a.pid',
      vrrpPidFile: '/home/user/b.pid',
      checkerPidFile: '/run/c.pid',
      runDirectory: '/home/user/here',
    },
  })
})
