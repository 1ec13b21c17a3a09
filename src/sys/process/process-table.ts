import { readdirSync } from 'node:fs'
import { readText } from '../files/index.ts'

/** A process as /proc has it: the kernel's name for it, at most 15 bytes, and its command line, the program first. */
export type ProcessDescription = { readonly name: string; readonly arguments: readonly string[] }

/** The ids of all processes that there are now, those that have ended and are not waited for included. */
export const processIds = (): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)

/**
 * Undefined where it is not there, or has ended.
 * @param withArguments whether the command line is wanted; it is empty otherwise
 */
export function describeProcess(pid: number, withArguments: boolean): ProcessDescription | undefined {
  const stat = readText(`/proc/${pid}/stat`)
  if (!stat.ok) return undefined
  // The name may hold parentheses and blanks itself.
  const end = stat.value.lastIndexOf(')')
  const state = stat.value[end + 2]
  if (end < 0 || state === 'Z' || state === 'X') return undefined
  const name = stat.value.slice(stat.value.indexOf('(') + 1, end)
  if (!withArguments) return { name, arguments: [] }
  const line = readText(`/proc/${pid}/cmdline`)
  if (!line.ok) return undefined
  const text = line.value.endsWith('\0') ? line.value.slice(0, -1) : line.value
  return { name, arguments: line.value === '' ? [] : text.split('\0') }
}
