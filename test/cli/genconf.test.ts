/** `holdfast genconf`: what comes out is accepted by the daemon, and as a pair. */
import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

const HOLDFAST = resolve(import.meta.dirname, '../../bin/holdfast')
let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'holdfast-genconf-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

type Said = { readonly status: number; readonly stdout: string; readonly stderr: string }

const genconf = (words: readonly string[], input = ''): Promise<Said> =>
  new Promise((done) => {
    const argv = ['genconf', '--directory', directory, ...words]
    const child = execFile(HOLDFAST, argv, { timeout: 20_000 }, (error, stdout, stderr) =>
      done({ status: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr }),
    )
    child.stdin?.end(input)
  })

const text = (name: string): string => readFileSync(join(directory, name), 'utf8')
const holdfast = (...argv: readonly string[]): string =>
  execFileSync(HOLDFAST, argv, { encoding: 'utf8', timeout: 20_000 })

const plans: readonly (readonly [name: string, words: string, differing: readonly string[]])[] = [
  [
    'direct routing',
    '--vip 192.0.2.100/24 --port 80 --directors 192.0.2.11,192.0.2.12 --real-servers 192.0.2.21,192.0.2.22:80:3',
    [],
  ],
  [
    'NAT with port mapping and a page',
    '--vip 192.0.2.100/24 --port 80 --method nat --gateway 10.0.0.1/24 --inside-interface lo --check /health --directors 192.0.2.11,192.0.2.12 --real-servers 10.0.0.21:8080:2,10.0.0.22:8080',
    [],
  ],
  [
    'tunnels over IPv6',
    '--vip 2001:db8::100/64 --port 443 --method tun --directors fe80::1,fe80::2 --real-servers [2001:db8:1::21]',
    [],
  ],
  [
    'unicast',
    '--vip 192.0.2.100/24 --port 53 --protocol udp --unicast --directors 192.0.2.11,192.0.2.12 --real-servers 192.0.2.21',
    ['unicast_src_ip', '192.0.2.12'],
  ],
]

test.each(plans)('%s: two files that differ only where they must', async (name, words, differing) => {
  const list = words.split(' ')
  expect(await genconf(list)).toMatchObject({ status: 0, stderr: '' })
  const files = ['director1.conf', 'director2.conf'].map((file) => join(directory, file)) as [string, string]
  for (const file of files) expect(holdfast('config', 'check', file)).toContain('nothing to complain of')
  expect(holdfast('config', 'compare', ...files)).toBe('the two files make a pair\n')
  const [one, other] = files.map((file) => readFileSync(file, 'utf8').split('\n')) as [string[], string[]]
  const changed = one.filter((line, i) => line !== other[i]).map((line) => line.trim().split(' ')[0])
  expect(changed).toEqual(['router_id', 'priority', ...differing])
  expect(text('realserver.sh')).toContain(
    name.startsWith('NAT') ? 'route replace default via 10.0.0.1' : 'holdfast realserver up',
  )
})

test('it asks for what is left open, and takes the usual for an empty answer', async () => {
  const answers = ['192.0.2.100/24', '', '', '192.0.2.11,192.0.2.12', 'ens3', '192.0.2.21', '/up']
  const said = await genconf(['--ask'], `${answers.join('\n')}\n`)
  expect(said).toMatchObject({ status: 0, stderr: expect.stringContaining('Port of the service [80]') })
  expect(text('director1.conf')).toMatch(
    /interface ens3[\s\S]*virtual_server 192\.0\.2\.100 80[\s\S]*lb_kind DR[\s\S]*path \/up/,
  )
})

const wrong: readonly (readonly [claim: string, words: string, complaint: string])[] = [
  ['no prefix', '--vip 192.0.2.100', 'vip: 192.0.2.100; an address with its prefix'],
  ['one director', '--vip 192.0.2.100/24 --port 80 --directors 192.0.2.11', 'two addresses with a comma'],
  [
    'another port by direct routing',
    '--vip 192.0.2.100/24 --port 80 --directors 192.0.2.11,192.0.2.12 --real-servers 192.0.2.21:8080',
    'only nat changes ports',
  ],
  [
    'NAT without a gateway',
    '--vip 192.0.2.100/24 --port 80 --method nat --directors 192.0.2.11,192.0.2.12 --real-servers 10.0.0.21',
    'the real servers need a gateway',
  ],
  [
    'a real server that is none',
    '--vip 192.0.2.100/24 --port 80 --directors 192.0.2.11,192.0.2.12 --real-servers web1',
    'real server: web1',
  ],
]
test.each(wrong)('%s: named, and nothing written', async (_, words, complaint) => {
  expect(await genconf(words.split(' '))).toMatchObject({ status: 2, stderr: expect.stringContaining(complaint) })
})

test('a file that is there already is not replaced unless told so', async () => {
  const words = (plans[0] as (typeof plans)[number])[1].split(' ')
  writeFileSync(join(directory, 'director2.conf'), 'mine\n')
  expect(await genconf(words)).toMatchObject({ status: 1, stderr: expect.stringContaining('is there already') })
  expect(text('director2.conf')).toBe('mine\n')
  expect(await genconf([...words, '--force'])).toMatchObject({ status: 0 })
})
