import { readlinkSync } from 'node:fs'
import { systemErrorOf } from '../descriptor/index.ts'

/**
 * Where a symbolic link leads, as it is written in it; undefined where there is no link, or none that may be read. Throws only
 * what is no answer of the kernel's.
 */
export function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch (error) {
    systemErrorOf('readlink', error, path)
    return undefined
  }
}
