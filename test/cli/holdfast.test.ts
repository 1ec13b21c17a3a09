import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'

const misuses: readonly (readonly [words: string, complaint: string])[] = [
  ['statsu', "holdfast: unknown command 'statsu'\n(Did you mean status?)\n"],
  ['config expain', "holdfast: unknown command 'expain'\n(Did you mean explain?)\n"],
  ['status --jsn', "holdfast: unknown option '--jsn'\n(Did you mean --json?)\n"],
  ['status --json --problems', "holdfast: option '--json' cannot be used with option '--problems'\n"],
  ['drain', "holdfast: missing required argument 'servers'\n"],
]
for (const [words, complaint] of misuses)
  test(`holdfast ${words}: a complaint with its program, what may have been meant, and exit code 1`, () => {
    const { status, stdout, stderr } = spawnSync(resolve('bin/holdfast'), words.split(' '), { encoding: 'utf8' })
    expect([status, stdout, stderr]).toEqual([1, '', complaint])
  })
