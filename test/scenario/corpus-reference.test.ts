/** What keepalived itself answers to the corpus: `make corpus-goldens` writes it down again. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { CONFIG_ID, CORPUS, corpusFiles, REFERENCE, referenceRows } from '../corpus/tables.ts'

const HEAD = `# What keepalived 2.2.7 (Debian 12) answers to \`keepalived -t -i ${CONFIG_ID} -f FILE\` in a network namespace of its own; written by \`make corpus-goldens\`.
# bare: exit code with no links but lo; with_links: with those of the column links, which is kept as it is. 0 no complaint, 2 an argument is missing and
# reading ended, 5 any complaint, 6 scripts without enable_script_security, 128 and more: it crashed. lines: of what it complains, with links.
file	links	bare	with_links	lines
`

/** A fresh namespace with these links, up; two arguments: the links and the file. */
const SCRIPT = `set -e
ip link set lo up
n=0
for link in $1; do n=$((n + 1)); ip link add "$link" type veth peer name "peer$n"; ip link set "$link" up; done
exec timeout 20 keepalived -t -i ${CONFIG_ID} -f "$2"`

function ask(file: string, links: readonly string[]): { readonly code: number; readonly lines: readonly number[] } {
  const { status, signal, stderr, stdout } = spawnSync(
    'unshare',
    ['-n', 'bash', '-c', SCRIPT, 'bash', links.join(' '), resolve(CORPUS, file)],
    { encoding: 'latin1', maxBuffer: 1 << 26 },
  )
  const lines = [...`${stdout}${stderr}`.matchAll(/Line (\d+)\)/g)].map(([, line]) => Number(line))
  return {
    // As a shell has it.
    code: status ?? 128 + (signal === null ? 0 : constants.signals[signal]),
    lines: [...new Set(lines)].sort((a, b) => a - b),
  }
}

test('what is written of keepalived is what it answers', { timeout: 120_000 }, async () => {
  expect(existsSync('/opt/site'), 'files of the corpus name scripts in /opt/site, which must not be there').toBe(false)
  const links = new Map(referenceRows().map((row) => [row.file, row.links]))
  const rows = corpusFiles.map((file) => {
    const those = links.get(file) ?? 'eth0,eth1'
    const bare = ask(file, [])
    const full = ask(file, those.split(','))
    return [file, those, bare.code, full.code, full.lines.join(',')].join('\t')
  })
  await expect(`${HEAD}${rows.join('\n')}\n`).toMatchFileSnapshot(resolve(REFERENCE))
})
