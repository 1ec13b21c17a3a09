import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const directory = mkdtempSync(join(tmpdir(), 'completion-'))
const scriptOf = (shell: string) => join(directory, shell)

beforeAll(() => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout, status } = spawnSync(resolve('bin/holdfast'), ['completion', shell], { encoding: 'utf8' })
    expect(status).toBe(0)
    writeFileSync(scriptOf(shell), stdout)
  }
  writeFileSync(join(directory, 'one.conf'), '')
})
afterAll(() => rmSync(directory, { recursive: true }))

const linesOf = (program: string, args: readonly string[]): readonly string[] => {
  const { stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    cwd: directory,
    env: { ...process.env, HOME: directory },
  })
  expect([error, stderr]).toEqual([undefined, ''])
  return stdout.split('\n').filter((line) => line !== '')
}

/** What each shell offers for the last word. */
const offers = {
  bash: (words: readonly string[]) =>
    linesOf('bash', [
      '-c',
      `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`,
      scriptOf('bash'),
      ...words,
    ]),
  // Its own helpers only draw; they tell here what they are asked to offer, and narrow it down as zsh does.
  zsh: (words: readonly string[]) =>
    linesOf('zsh', [
      '-fc',
      `compdef() { : }
begins() { for one in "$@"; do [[ $one == $words[-1]* ]] && print -r -- $one; done; true }
compadd() { shift; begins "$@" }
_files() { for one in *.conf(N); do begins $one; done }
_describe() { [[ $1 == -o ]] && shift; local of=$2; begins "\${(@)\${(P)of}%%:*}" }
source "$0"; words=("$@"); CURRENT=$#; _holdfast`,
      scriptOf('zsh'),
      ...words,
    ]),
  fish: (words: readonly string[]) =>
    linesOf('fish', [
      '--no-config',
      '-c',
      `source ${scriptOf('fish')}; complete -C ${JSON.stringify(words.join(' '))}`,
    ]).map((line) => line.split('\t')[0] as string),
} as const

for (const shell of ['bash', 'zsh', 'fish'] as const)
  describe(shell, () => {
    const offered = offers[shell]

    test('commands, and those inside a command', () => {
      expect(offered(['holdfast', 'sta'])).toEqual(['status'])
      expect(offered(['/usr/bin/holdfast', 'config', ''])).toEqual(
        expect.arrayContaining(['check', 'show', 'fmt', 'explain', 'schema']),
      )
      expect(offered(['holdfast', 'config', '']).filter((one) => one === 'status')).toEqual([])
    })

    test('options, and what they take', () => {
      expect(offered(['holdfast', 'config', 'show', '--f'])).toEqual(['--format'])
      expect(offered(['holdfast', 'config', 'show', '--format', '']).toSorted()).toEqual(['conf', 'json', 'yaml'])
      expect(offered(['holdfastd', '--use-f'])).toEqual(['--use-file'])
      expect(offered(['holdfastd', '--backend', 'e'])).toEqual(['ebpf'])
    })

    test('every keyword, alone and with its block', () => {
      expect(offered(['holdfast', 'config', 'explain', 'virtual_router_'])).toEqual(['virtual_router_id'])
      expect(offered(['holdfast', 'config', 'explain', 'virtual_server.quorum_u'])).toEqual([
        'virtual_server.quorum_up',
      ])
    })

    test('files', () => {
      expect(offered(['holdfast', 'config', 'check', 'o'])).toEqual(['one.conf'])
    })
  })
