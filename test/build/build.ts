import { execFile } from 'node:child_process'
import { resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')

export type Output = { readonly status: number; readonly output: string }

/** Runs a command in the checkout to its end (bounded); its status is a value, both streams are its output. */
export function run(argv: readonly string[], { cwd = root, within = 120_000 } = {}): Promise<Output> {
  const [file = '', ...rest] = argv
  return new Promise((done) => {
    execFile(file, rest, { cwd, timeout: within, encoding: 'utf8', maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 124
      done({ status, output: `${stdout}${stderr}` })
    })
  })
}
