/**
 * The same command lines through ipvsadm and through ours, over two tables of the same kernel: every byte printed and every
 * exit code. ipvsadm works in a network namespace of its own, where one shell runs all of its lines.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { silentLog } from '../../src/base/index.ts'
import type { Outcome } from '../../src/cli/ipvsadm/execute.ts'
import { carryOut, refusalOutcome, understand } from '../../src/cli/ipvsadm/session.ts'
import { systemLookups } from '../../src/cli/ipvsadm/system-lookups.ts'
import { accessTable, type TableAccess } from '../../src/cli/ipvsadm/table-access.ts'
import type { ForwardingBackend } from '../../src/forwarding/index.ts'
import { openIpvsBackend } from '../../src/forwarding/ipvs/index.ts'
import { generatedLines } from '../cli/ipvsadm/generated-lines.ts'
import { readRecord } from '../cli/ipvsadm/record.ts'

type Case = { readonly argv: readonly string[]; readonly input?: string }
type Printed = { readonly stdout: string; readonly stderr: string; readonly exitCode: number }

const lookups = systemLookups()
const directory = mkdtempSync('/run/ipvsadm-')
let backend: ForwardingBackend
let table: TableAccess

beforeAll(async () => {
  execFileSync('modprobe', ['-a', 'ip_vs', 'veth'])
  execFileSync('ip', ['netns', 'add', 'reference'])
  for (const inNamespace of [[], ['netns', 'exec', 'reference', 'ip']]) {
    const ip = (...words: string[]) => execFileSync('ip', [...inNamespace, ...words])
    ip('link', 'set', 'lo', 'up')
    ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1')
    ip('address', 'add', '192.0.2.1/24', 'dev', 'v0')
    for (const name of ['v0', 'v1']) ip('link', 'set', name, 'up')
  }
  const opened = await openIpvsBackend({ log: silentLog })
  if (!opened.ok) throw new Error(opened.error.message)
  backend = opened.value
  table = accessTable(backend)
}, 120_000)

afterAll(async () => {
  await backend.close('services-in-place')
  execFileSync('ipvsadm', ['-C'])
  execFileSync('ip', ['link', 'del', 'v0'])
  execFileSync('ip', ['netns', 'del', 'reference'])
  rmSync(directory, { recursive: true })
})

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`

/** What ipvsadm makes of them, one after another. @param namespace  undefined: where ours works too */
function reference(cases: readonly Case[], namespace: string | undefined): readonly Printed[] {
  const at = mkdtempSync(`${directory}/run-`)
  const file = (i: number, name: string) => `${at}/${i}.${name}`
  const lines = cases.map(({ argv, input }, i) => {
    writeFileSync(file(i, 'in'), input ?? '')
    const words = ['ipvsadm', ...argv].map(quoted).join(' ')
    return `${words} <${file(i, 'in')} >${file(i, 'out')} 2>${file(i, 'err')}; echo $?`
  })
  writeFileSync(`${at}/script`, `${lines.join('\n')}\n`)
  const shell = ['bash', `${at}/script`]
  const [program = '', ...words] = namespace === undefined ? shell : ['ip', 'netns', 'exec', namespace, ...shell]
  const codes = execFileSync(program, words, { encoding: 'utf8' }).split('\n')
  return cases.map((_, i) => ({
    stdout: readFileSync(file(i, 'out'), 'utf8'),
    stderr: readFileSync(file(i, 'err'), 'utf8'),
    exitCode: Number(codes[i]),
  }))
}

async function ours({ argv, input = '' }: Case): Promise<Printed> {
  const understood = await understand(argv, lookups)
  const outcome: Outcome =
    understood.type === 'refused'
      ? refusalOutcome(understood.refusal)
      : await carryOut(understood.request, table, lookups, input)
  const { stdout, stderr, exitCode } = outcome
  return { stdout, stderr, exitCode }
}

async function compare(cases: readonly Case[], namespace: string | undefined = 'reference'): Promise<void> {
  const expected = reference(cases, namespace)
  const others: object[] = []
  for (const [i, one] of cases.entries()) {
    const printed = await ours(one)
    if (JSON.stringify(printed) !== JSON.stringify(expected[i])) others.push({ ...one, printed, expected: expected[i] })
  }
  expect(others).toEqual([])
}

const clear: Case = { argv: ['-C'] }

test('every command line of the record', { timeout: 900_000 }, async () => {
  const cases = readRecord().map(({ argv }) => ({ argv }))
  expect(cases.length).toBeGreaterThan(400)
  await compare([clear, ...cases])
})

test('generated command lines, right and wrong', { timeout: 900_000 }, async () => {
  const cases = generatedLines(7, 150).map((argv) => ({ argv }))
  const looks = [['-Ln'], ['-Sn'], ['-L', '-n', '--thresholds'], ['-L', '-n', '--tun-info']].map((argv) => ({ argv }))
  await compare([clear, ...cases, ...looks, { argv: ['-L'] }, { argv: ['-S'] }])
})

const service = '-A -t 10.0.0.1:80 -s rr\n'
const restores: readonly string[] = [
  service + service,
  service,
  `-A -t 10.0.0.1:82 -s\n-A -t 10.0.0.1:83 -s rr\n`,
  '-A -t 10.0.0.1:84 -Q\n-A -t 10.0.0.1:85 -s rr\n',
  '-A -t 10.0.0.1\n-A -t 10.0.0.1:86 -s rr\n',
  '# foo\n-A -t 10.0.0.1:87\n',
  'foo\n',
  '\n\n   \n-A -t 10.0.0.1:88\n',
  'ipvsadm -A -t 10.0.0.1:89\n',
  '-A ipvsadm -t 10.0.0.1:90\n',
  '/sbin/ipvsadm -A -t 10.0.0.1:91\n',
  '-A\t-t\t10.0.0.1:92\r\n',
  '-A -t 10.0.0.1:93',
  '-R\n-A -t 10.0.0.1:94\n',
  '-L -n\n',
  '-A -t 10.0.0.1:95 # note\n',
  '-A -t "10.0.0.1:96"\n',
  '-v\n-A -t 10.0.0.1:98\n',
  '',
  '\n',
  '-A -t 10.0.0.1:99\n\n',
  '-A -t 10.0.0.1:99\n\n',
  '-D -t 10.9.9.9:99\n-A -t 10.0.0.1:100\n',
  '-D -t 10.9.9.9:99\n',
  '-S\n',
  '-C\n-S -n\n',
  '-L -t 10.1.1.1:80\n-L --timeout\n',
  '-n\n-A -t 10.0.0.2:80\n',
  '-A -t 10.0.0.1:111 -p\n-A -t 10.0.0.1:112\n-A -f 3 -6\n-A -f 4\n-S -n\n',
  '--set 1 2 3\n-L --timeout\n--set 900 120 300\n',
  '-C\n-A foo\n-A -t 10.0.0.1:117\n',
]

test('restore input', { timeout: 300_000 }, async () => {
  const looked: readonly Case[] = [{ argv: ['-Sn'] }]
  await compare([clear, ...restores.map((input) => ({ argv: ['-R'], input })), ...looked])
})

/** ipvsadm takes 31 days at most; the kernel takes what it can count in ticks. */
test('timeouts at their ends', { timeout: 300_000 }, async () => {
  const lines = ['2147483 0 0', '2147484 0 0', '0 2678400 1', '2678401 1 1', '-1 1 1', '1 1 2678400', '900 120 300']
  await compare(lines.flatMap((line) => [{ argv: ['--set', ...line.split(' ')] }, { argv: ['-L', '--timeout'] }]))
})

test('a service that is refused leaves no part of it, and one with a refused server keeps the others', {
  timeout: 300_000,
}, async () => {
  const input = [
    '-A -t 10.0.0.1:80 -s nonesuch',
    '-a -t 10.0.0.1:80 -r 10.1.0.1',
    '-A -t 10.0.0.2:80 -s rr',
    '-a -t 10.0.0.2:80 -r 10.1.0.1',
    '-a -t 10.0.0.2:80 -r 224.0.0.1',
    '-a -t 10.0.0.2:80 -r 10.1.0.2 -x 1 -y 2',
    '-a -t 10.0.0.2:80 -r 10.1.0.3',
  ]
  const each = input.map((line): Case => ({ argv: line.split(' ') }))
  await compare([
    clear,
    ...each,
    { argv: ['-Sn'] },
    clear,
    { argv: ['-R'], input: `${input.join('\n')}\n` },
    { argv: ['-Sn'] },
  ])
})

/** One of everything that -S can say. */
const full: readonly Case[] = [
  '-A -t 10.0.0.1:80 -s rr',
  ...['-m -w 3', '-g', '-i', '-m -w 0', '-m -w 2147483647'].map(
    (how, i) => `-a -t 10.0.0.1:80 -r 10.1.0.${i + 1} ${how}`,
  ),
  ...[
    'gre',
    'gre --tun-csum',
    'gue --tun-port 6080',
    'gue --tun-port 1 --tun-csum',
    'gue --tun-port 9 --tun-remcsum',
  ].map((tunnel, i) => `-a -t 10.0.0.1:80 -r 10.2.0.${i + 1} -i --tun-type ${tunnel}`),
  '-a -t 10.0.0.1:80 -r 10.3.0.1:8080 -m',
  '-a -t 10.0.0.1:80 -r 127.0.0.1:80 -m',
  '-a -t 10.0.0.1:80 -r 2001:db8::9 -i',
  '-A -t 10.0.0.1:81 -s wrr -p 300',
  '-A -t 10.0.0.1:82 -p 60 -M 255.255.255.0',
  '-A -t 10.0.0.1:83 -s mh -b mh-fallback,mh-port',
  '-A -t 10.0.0.1:84 -s rr -b flag-1,flag-3',
  '-A -t 10.0.0.1 -p',
  '-A -u 10.0.0.1:53 -s rr -o',
  '-A -u 10.0.0.2:5060 -p 100 --pe sip',
  '-A --sctp-service 10.0.0.1:80',
  '-A -t [2001:db8::1]:80 -s sh -b sh-fallback,sh-port',
  '-A -t [2001:db8::1]:81 -p 100 -M 64',
  '-a -t [2001:db8::1]:81 -r [2001:db8::2]:8080 -m',
  '-A -f 3 -s lc',
  '-a -f 3 -r 10.1.0.9:8080 -g',
  '-A -f 3 -6 -s sed',
].map((line) => ({ argv: line.split(' ') }))

test('what one saves the other restores to the same table', { timeout: 300_000 }, async () => {
  const named: readonly Case[] = [{ argv: ['-Sn'] }, { argv: ['-S'] }]
  const saved = reference([clear, ...full, ...named], 'reference').slice(-2)
  const [numbers] = saved
  expect(numbers?.stdout.split('\n').length).toBe(full.length + 1)
  for (const { stdout } of saved) {
    expect(await ours(clear)).toMatchObject({ exitCode: 0 })
    expect(await ours({ argv: ['-R'], input: stdout })).toEqual({ stdout: '', stderr: '', exitCode: 0 })
    expect((await ours({ argv: ['-Sn'] })).stdout).toBe(numbers?.stdout)
    const back = (await ours({ argv: ['-S'] })).stdout
    const again = reference([clear, { argv: ['-R'], input: back }, { argv: ['-Sn'] }], 'reference')
    expect(again.map(({ exitCode, stderr }) => ({ exitCode, stderr }))).toEqual(
      again.map(() => ({ exitCode: 0, stderr: '' })),
    )
    expect(again[2]?.stdout).toBe(numbers?.stdout)
  }
})

/** Both look at one table; the seconds until an entry expires may differ by the time between them. */
const withoutTimes = (text: string): string => text.replace(/^(\S+ )\d+:\d\d/gm, '$1--:--')

test('connections, counters and everything else of one table that has carried packets', {
  timeout: 300_000,
}, async () => {
  mkdirSync(`${directory}/here`)
  const setUp = [
    ['-C'],
    // What is compared must not expire meanwhile.
    ['--set', '0', '0', '100000'],
    ['-A', '-u', '127.9.9.9:80', '-p', '100000', '-s', 'rr'],
    ['-a', '-u', '127.9.9.9:80', '-r', '127.0.0.1:8080', '-m', '-x', '9', '-y', '3'],
    ['-A', '-f', '5', '-p', '100'],
    ['-a', '-f', '5', '-r', '127.0.0.1', '-m'],
  ]
  for (const argv of setUp) expect(await ours({ argv })).toEqual({ stdout: '', stderr: '', exitCode: 0 })
  execFileSync('bash', ['-c', 'echo > /dev/udp/127.9.9.9/80'])
  // The kernel sums its counters every two seconds.
  await expect
    .poll(() => execFileSync('ipvsadm', ['-Ln', '--stats'], { encoding: 'utf8' }), { timeout: 60_000 })
    .toMatch(/^UDP +127\.9\.9\.9:80 +1 +1 +1 /m)
  const forms = ['', '--stats', '--rate', '--thresholds', '--persistent-conn', '--tun-info', '--stats --exact', '-c']
  const lists = [...forms, '-c --persistent-conn', '--timeout', '--daemon'].flatMap((form) =>
    ['', '-n'].map((numbers) => ({ argv: ['-L', ...`${form} ${numbers}`.split(' ').filter((word) => word !== '')] })),
  )
  // The kernel's rates change every two seconds.
  const steady = lists.filter(({ argv }) => !argv.includes('--rate'))
  const expected = reference(steady, undefined)
  for (const [i, one] of steady.entries()) {
    const printed = await ours(one)
    expect({ argv: one.argv, text: withoutTimes(printed.stdout) }).toEqual({
      argv: one.argv,
      text: withoutTimes(expected[i]?.stdout ?? ''),
    })
  }
  expect((await ours({ argv: ['-Lnc'] })).stdout.split('\n').length).toBeGreaterThan(3)
  expect(await ours({ argv: ['--set', '900', '120', '300'] })).toMatchObject({ exitCode: 0 })
})
