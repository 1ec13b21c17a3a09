/** What keepalived itself makes of random definitions, conditions and sequences: `make corpus-goldens` writes it down again. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { expect, test } from 'vitest'
import { type ExpansionCase, randomExpansion } from '../corpus/random-expansions.ts'
import { CONFIG_ID, EXPANSIONS, recordedExpansions } from '../corpus/tables.ts'

const COUNT = 200
/** One of so many is asked again. */
const SHARE = 20
const MEMBER = /^Virtual router (.*) specified in sync group G doesn't exist - ignoring$/gm

/** The members that it looked for, in order. */
function membersFor(directory: string, { text, files }: ExpansionCase): readonly string[] {
  for (const [name, content] of Object.entries({ ...files, 'main.conf': text }))
    writeFileSync(join(directory, name), content)
  const { stdout, stderr } = spawnSync(
    'unshare',
    ['-n', 'timeout', '20', 'keepalived', '-t', '-i', CONFIG_ID, '-f', 'main.conf'],
    {
      cwd: directory,
      encoding: 'utf8',
    },
  )
  return [...`${stdout}${stderr}`.matchAll(MEMBER)].map(([, member = '']) => member)
}

const recording = process.env['HOLDFAST_RECORD'] !== undefined

test('what is written of random expansions is what keepalived makes of them', { timeout: 120_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-expansions-'))
  try {
    if (recording) {
      const lines: string[] = []
      for (let seed = 1; lines.length < COUNT; seed++) {
        const one = randomExpansion(seed)
        const members = membersFor(directory, one)
        // Of a few it does not come to the members at all.
        if (members.length > 0) lines.push(JSON.stringify({ ...one, members }))
      }
      writeFileSync(EXPANSIONS, `${lines.join('\n')}\n`)
    }
    const some = recordedExpansions().filter((_, index) => index % SHARE === 0)
    expect(some.map((one) => membersFor(directory, one))).toEqual(some.map(({ members }) => members))
  } finally {
    rmSync(directory, { recursive: true })
  }
})
