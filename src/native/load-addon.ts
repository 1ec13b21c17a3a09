/**
 * Finds a native addon of the package. This file lies two folders below the package root both as source (src/native)
 * and as built (dist/native), so one relative path serves both.
 */

import { createRequire } from 'node:module'
import { fail, ok, type Result } from '../base/index.ts'

const require = createRequire(import.meta.url)

/** build/native/NAME.node; the error is a sentence for the user. */
export function loadAddon<T>(name: string): Result<T, string> {
  const path = `../../build/native/${name}.node`
  try {
    return ok(require(path))
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error
    if (error.code === 'MODULE_NOT_FOUND') return fail(`build/native/${name}.node is missing: run \`make build\``)
    if (error.code === 'ERR_DLOPEN_FAILED') return fail(`build/native/${name}.node does not load: ${error.message}`)
    throw error
  }
}
