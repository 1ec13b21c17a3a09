/** Tables that go from Debian's ipvsadm and the kernel's IPVS into the embedded core by -S and -R, and back. */
import { execFileSync, spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { silentLog } from '../../src/base/index.ts'
import type { Outcome } from '../../src/cli/ipvsadm/execute.ts'
import { carryOut, refusalOutcome, understand } from '../../src/cli/ipvsadm/session.ts'
import { systemLookups } from '../../src/cli/ipvsadm/system-lookups.ts'
import { accessTable, type TableAccess } from '../../src/cli/ipvsadm/table-access.ts'
import { openEbpfBackend } from '../../src/forwarding/ebpf/index.ts'
import type { ForwardingBackend } from '../../src/forwarding/index.ts'

const pinDirectory = `/sys/fs/bpf/holdfast-ipvsadm-${process.pid}`
const lookups = systemLookups()
let backend: ForwardingBackend
let table: TableAccess

beforeAll(async () => {
  execFileSync('modprobe', ['-a', 'ip_vs', 'dummy'])
  // Somewhere for the destinations to be.
  execFileSync('ip', ['link', 'add', 'far0', 'type', 'dummy'])
  execFileSync('ip', ['addr', 'add', '10.0.0.254/8', 'dev', 'far0'])
  execFileSync('ip', ['addr', 'add', '2001:db8::fe/64', 'dev', 'far0', 'nodad'])
  execFileSync('ip', ['link', 'set', 'far0', 'up'])
  const opened = await openEbpfBackend({ pinDirectory, log: silentLog, connectionTableSize: 1024 })
  if (!opened.ok) throw new Error(opened.error.message)
  backend = opened.value
  table = accessTable(backend)
})
beforeEach(async () => {
  real(['-C'])
  await ours('-C')
})
afterAll(async () => {
  await backend?.close('nothing')
  execFileSync('ipvsadm', ['-C'])
  execFileSync('ip', ['link', 'del', 'far0'])
  rmSync(pinDirectory, { recursive: true, force: true })
})

type Printed = { readonly stdout: string; readonly stderr: string; readonly exitCode: number }

function real(argv: readonly string[], input = ''): Printed {
  const { stdout, stderr, status } = spawnSync('ipvsadm', argv, { encoding: 'utf8', input })
  return { stdout, stderr, exitCode: status ?? -1 }
}

async function ours(line: string, input = ''): Promise<Printed> {
  const understood = await understand(line.split(' '), lookups)
  const { stdout, stderr, exitCode }: Outcome =
    understood.type === 'refused'
      ? refusalOutcome(understood.refusal)
      : await carryOut(understood.request, table, lookups, input)
  return { stdout, stderr, exitCode }
}

/** The services of a saved table, each with its servers, in an order of their own: the kernel's is that of its hashes. */
const services = (saved: string): string[] =>
  saved
    .split(/^(?=-A )/m)
    .filter((text) => text !== '')
    .map((text) => {
      const [head, ...servers] = text.trimEnd().split('\n')
      return [head, ...servers.sort()].join('\n')
    })
    .sort()

/** One of everything that -S can say, but for what the embedded core refuses (below). */
const full: readonly string[] = [
  '-A -t 10.0.0.1:80 -s rr',
  ...['-m -w 3', '-g', '-i', '-m -w 0', '-m -w 2147483647', '-m -w 7 -x 100 -y 50'].map(
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
  '-a -t 10.0.0.1:80 -r [2001:db8::9]:80 -i',
  '-A -t 10.0.0.1:81 -s wrr -p 300',
  '-A -t 10.0.0.1:82 -p 60 -M 255.255.255.0',
  '-A -t 10.0.0.1:83 -s mh -b mh-fallback,mh-port',
  '-A -t 10.0.0.1:84 -s rr -b flag-1,flag-3',
  ...['lc', 'lblc', 'lblcr', 'dh', 'sed', 'nq', 'fo', 'ovf'].map((name, i) => `-A -t 10.0.0.2:${90 + i} -s ${name}`),
  '-A -t 10.0.0.1 -p',
  '-a -t 10.0.0.1:0 -r 10.1.0.1:0 -g',
  '-A -u 10.0.0.1:53 -s rr -o',
  '-a -u 10.0.0.1:53 -r 10.1.0.1:53 -m',
  '-A --sctp-service 10.0.0.1:80',
  '-a --sctp-service 10.0.0.1:80 -r 10.1.0.1:80 -m',
  '-A -t [2001:db8::1]:80 -s sh -b sh-fallback,sh-port',
  '-A -t [2001:db8::1]:81 -p 100 -M 64',
  '-a -t [2001:db8::1]:81 -r [2001:db8::2]:8080 -m',
  '-a -t [2001:db8::1]:81 -r [2001:db8::3]:81 -g',
  '-a -t [2001:db8::1]:81 -r [2001:db8::4]:81 -i --tun-type gue --tun-port 6080',
  '-a -t [2001:db8::1]:81 -r 10.1.0.4:81 -i',
]
const marked: readonly string[] = [
  '-A -f 3 -s lc',
  '-a -f 3 -r 10.1.0.9:8080 -g',
  '-A -f 3 -6 -s sed',
  '-A -f 4 -s rr -p 300 -M 255.255.0.0',
  '-a -f 4 -r 10.1.0.9:0 -m',
]

test('what ipvsadm saves the embedded core takes, and what it saves ipvsadm takes: the same table', async () => {
  const capabilities = await backend.probe()
  if (!capabilities.ok) throw new Error('no capabilities')
  const lines = [...full, ...(capabilities.value.firewallMarks ? marked : [])]
  expect(real(['-R'], `${lines.join('\n')}\n`)).toEqual({ stdout: '', stderr: '', exitCode: 0 })
  const saved = real(['-S', '-n']).stdout
  expect(services(saved).join('\n').split('\n')).toHaveLength(lines.length)

  expect(await ours('-R', saved)).toEqual({ stdout: '', stderr: '', exitCode: 0 })
  const held = await ours('-S -n')
  expect(services(held.stdout)).toEqual(services(saved))

  real(['-C'])
  expect(real(['-R'], held.stdout)).toEqual({ stdout: '', stderr: '', exitCode: 0 })
  expect(services(real(['-S', '-n']).stdout)).toEqual(services(saved))
})

test.each([
  ['-A -t 10.0.0.1:80 -s rr -p 100 --pe sip', 'Scheduler or persistence engine not found'],
  ['-a -t 10.0.0.1:80 -r 10.0.0.254:80 -m', 'NAT to an address of this host is not supported'],
])('what the embedded core cannot do is refused, and nothing is half made: %s', async (line, why) => {
  if (line.startsWith('-a')) await ours('-A -t 10.0.0.1:80 -s rr')
  const before = (await ours('-S -n')).stdout
  const { stderr, exitCode } = await ours(line)
  expect(exitCode).not.toBe(0)
  expect(stderr).toContain(why)
  expect((await ours('-S -n')).stdout).toBe(before)
})

test("FULLNAT is the embedded core's alone: it saves and restores it itself, ipvsadm refuses such lines and makes nothing of them", async () => {
  const lines = [
    '-A -t 10.0.0.5:80 -s rr --laddr 10.0.0.254 --toa',
    '-a -t 10.0.0.5:80 -r 10.1.0.7:8080 --fullnat -w 1',
  ]
  for (const line of lines) expect(await ours(line)).toEqual({ stdout: '', stderr: '', exitCode: 0 })
  const saved = (await ours('-S -n')).stdout
  expect(saved).toContain('--fullnat')
  await ours('-C')
  expect(await ours('-R', saved)).toEqual({ stdout: '', stderr: '', exitCode: 0 })
  expect((await ours('-S -n')).stdout).toBe(saved)

  const refused = real(['-R'], saved)
  expect(refused.exitCode).not.toBe(0)
  expect(refused.stderr).toMatch(/laddr|fullnat/)
  expect(real(['-S', '-n']).stdout).not.toContain('10.1.0.7')
})
