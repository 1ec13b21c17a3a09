/** The record of ipvsadm's answers over the kernel's IPVS, replayed over the embedded core. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accessTable } from '../../src/cli/ipvsadm/table-access.ts'
import { outcomeOf } from '../cli/ipvsadm/lookups.ts'
import { readRecord } from '../cli/ipvsadm/record.ts'
import { openRouter, type Router } from './router.ts'

let router: Router
beforeAll(() => {
  router = openRouter()
})
afterAll(() => router?.close())

const shown = (letter: string, text: string): readonly string[] =>
  text === ''
    ? []
    : text
        .slice(0, -1)
        .split('\n')
        .map((line) => `${letter} ${line}`)

/** What the core may do without, by an attempt that fails there: the lines about it, and what of it lists have. */
type Lack = { readonly attempt: string; readonly lines: RegExp; without(printed: readonly string[]): readonly string[] }
const lacks: readonly Lack[] = [
  {
    attempt: '-A -f 1',
    lines: / (-f|--fwmark-service)\b/,
    without(printed) {
      let of = ''
      return printed.filter((line) => {
        if (/^O [A-Z]/.test(line)) of = line
        return !/^O (FWM|-[Aa] -f)/.test(line) && !(of.startsWith('O FWM') && line.startsWith('O   ->'))
      })
    },
  },
  {
    attempt: '-a -t 10.9.9.9:80 -r 127.0.0.1 -m',
    lines: / 127\.0\.0\.1 /,
    without: (printed) => printed.filter((line) => !/127\.0\.0\.1|localhost/.test(line)),
  },
  {
    attempt: '-A -t 10.9.9.8:80 -p --pe sip',
    lines: / --pe sip /,
    without: (printed) => printed.filter((line) => !/pe sip|10\.0\.0\.2:100\b/.test(line)),
  },
  { attempt: '--start-daemon master --mcast-interface lo', lines: /daemon/, without: (printed) => printed },
]

test('every command line of the record prints and returns what it did', async () => {
  const backend = await router.open()
  const table = accessTable(backend)
  expect((await outcomeOf('-A -t 10.9.9.9:80'.split(' '), table)).exitCode).toBe(0)
  const absent: Lack[] = []
  for (const lack of lacks) if ((await outcomeOf(lack.attempt.split(' '), table)).exitCode !== 0) absent.push(lack)
  for (const line of ['-C', '--stop-daemon master']) await outcomeOf(line.split(' '), table)

  let compared = 0
  const others: object[] = []
  for (const { line, argv, recorded } of readRecord()) {
    const { stdout, stderr, exitCode } = await outcomeOf(argv, table)
    if (absent.some(({ lines }) => lines.test(`${line} `))) continue
    compared++
    const part = (printed: readonly string[]) => absent.reduce((rest, { without }) => without(rest), printed).join('\n')
    const got = [...shown('O', stdout), ...shown('E', stderr), `=${exitCode}`]
    if (part(got) !== part(recorded)) others.push({ line, got, recorded })
  }
  await backend.close('nothing')
  expect(others).toEqual([])
  expect(compared).toBeGreaterThan(400)
})
