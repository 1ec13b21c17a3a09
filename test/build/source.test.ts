import { expect, test } from 'vitest'
import { run } from './build.ts'

test('every source file is formatted and free of lint', { timeout: 120_000 }, async () => {
  const { status, output } = await run(['node_modules/.bin/biome', 'check', '--max-diagnostics=10', '.'])
  expect(status, output).toBe(0)
})

test('sources, tests, benches and the demo type-check', { timeout: 120_000 }, async () => {
  const { status, output } = await run(['node_modules/.bin/tsc', '-p', 'tsconfig.test.json'])
  expect(status, output).toBe(0)
})

test('the addons compile without a warning', { timeout: 120_000 }, async () => {
  const { status, output } = await run(['make', '--always-make', '--dry-run', 'native'])
  expect(status).toBe(0)
  for (const [, command] of output.matchAll(/^(cc .*)$/gm)) {
    const strict = `${command?.replace(/-o \S+/, '-o /dev/null')} -Werror`
    expect(await run(['bash', '-c', strict])).toEqual({ status: 0, output: '' })
  }
})
