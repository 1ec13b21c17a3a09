import { resolve } from 'node:path'
import process from 'node:process'
import { fail, ok, type Result } from '../base/index.ts'
import { formatText, sameMeaning } from '../config/index.ts'
import { configurationFiles, fileExists, rewriteText, shortHostName } from '../sys/files/index.ts'
import { findConfiguration } from './daemon/places.ts'

export type FormatOptions = { readonly write?: true; readonly check?: true; readonly configId?: string }

/**
 * `holdfast config fmt`: the files in one layout, to standard output, back into the files (`--write`) or only told of
 * (`--check`). 0 done, 1 with `--check` when a file has another layout, 2 when one could not be done; it is left alone then.
 */
export function formatConfigurations(files: readonly string[], options: FormatOptions): number {
  const paths = files.length === 0 ? [findConfiguration(undefined, fileExists)] : files.map((file) => resolve(file))
  let exitCode = 0
  for (const path of paths) {
    const done = formatFile(path, options)
    if (!done.ok) {
      process.stderr.write(`${done.error}\n`)
      exitCode = 2
    } else if (options.check && done.value.changed) {
      process.stdout.write(`${path}\n`)
      exitCode = Math.max(exitCode, 1)
    } else if (!options.check && !options.write) process.stdout.write(done.value.text)
    else if (options.write && done.value.changed) {
      const written = rewriteText(path, done.value.text)
      if (!written.ok) {
        process.stderr.write(`${path}: ${written.error.message}\n`)
        exitCode = 2
      }
    }
  }
  return exitCode
}

function formatFile(path: string, { configId }: FormatOptions): Result<{ text: string; changed: boolean }, string> {
  const content = configurationFiles.read(path)
  if (!content.ok) return fail(`${path}: ${content.error.detail}`)
  const before = textOf(content.value.bytes)
  if (before === undefined) return fail(`${path}: not UTF-8; the file is left as it is`)
  const formatted = formatText(before)
  if (!formatted.ok)
    return fail(`${path}:${formatted.error.line}: ${formatted.error.message}; the file is left as it is`)
  const options = { configId: configId ?? shortHostName(), environment: process.env }
  if (!sameMeaning(path, before, formatted.value, configurationFiles, options))
    return fail(`${path}: its layout cannot be changed without changing its meaning; the file is left as it is`)
  return ok({ text: formatted.value, changed: formatted.value !== before })
}

/** Undefined: it is not UTF-8. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}
