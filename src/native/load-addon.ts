import { createRequire } from 'node:module'
import { fail, ok, type Result } from '../base/index.ts'
import { packageFile } from './package-file.ts'

const require = createRequire(import.meta.url)

/** build/native/NAME.node; the error is a sentence for the user. */
export function loadAddon<T>(name: string): Result<T, string> {
  try {
    return ok(require(packageFile(`build/native/${name}.node`)))
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error
    if (error.code === 'MODULE_NOT_FOUND') return fail(`build/native/${name}.node is missing: run \`make build\``)
    if (error.code === 'ERR_DLOPEN_FAILED') return fail(`build/native/${name}.node does not load: ${error.message}`)
    throw error
  }
}
