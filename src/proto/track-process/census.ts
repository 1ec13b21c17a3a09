import { assertNever } from '../../base/index.ts'
import type { TrackProcess } from '../../model/index.ts'

/** A process as /proc has it. */
export type FoundProcess = {
  /** The kernel's name, at most 15 bytes. */
  readonly name: string
  /** The whole command line, the program first; empty for a thread of the kernel. */
  readonly arguments: readonly string[]
}

/** Those that somebody means: by process id the names of the vrrp_track_process blocks. */
export type Census = ReadonlyMap<number, readonly string[]>

export const emptyCensus: Census = new Map()

/** TASK_COMM_LEN without the zero. */
const NAME_BYTES = 15

/** Whether it is one of those that `track` counts. */
export function isMeant(track: TrackProcess, process: FoundProcess): boolean {
  if (!track.fullCommand) return process.name === kernelName(track.command)
  const [program, ...given] = process.arguments
  if (program !== track.command) return false
  switch (track.match) {
    case undefined:
      return true
    case 'exact':
      return given.length === track.arguments.length && track.arguments.every((one, i) => given[i] === one)
    case 'partial':
      return track.arguments.every((one, i) => given[i] === one)
    case 'initial':
      return track.arguments.every((one, i) =>
        i === track.arguments.length - 1 ? given[i]?.startsWith(one) === true : given[i] === one,
      )
    default:
      return assertNever(track.match)
  }
}

/** Whether command lines have to be read for these. */
export const needsArguments = (tracks: readonly TrackProcess[]): boolean =>
  tracks.some(({ fullCommand }) => fullCommand)

const kernelName = (command: string): string => {
  const last = command.slice(command.lastIndexOf('/') + 1)
  const bytes = new TextEncoder().encode(last)
  return bytes.length <= NAME_BYTES ? last : new TextDecoder().decode(bytes.subarray(0, NAME_BYTES))
}

/** All at once, with whatever each of these processes is. */
export function takeCensus(
  tracks: readonly TrackProcess[],
  all: Iterable<readonly [pid: number, found: FoundProcess]>,
): Census {
  const census = new Map<number, readonly string[]>()
  for (const [pid, found] of all) {
    const names = namesOf(tracks, found)
    if (names.length > 0) census.set(pid, names)
  }
  return census
}

export const countOf = (census: Census, name: string): number => {
  let count = 0
  for (const names of census.values()) if (names.includes(name)) count++
  return count
}

/**
 * The census after something happened to one process.
 * @param change `parent`: it was forked from that one and is the same so far; `found`: what it is from here on, undefined: gone
 */
export function stepCensus(
  tracks: readonly TrackProcess[],
  census: Census,
  pid: number,
  change: { readonly parent: number } | { readonly found: FoundProcess | undefined },
): Census {
  const before = census.get(pid) ?? NONE
  const after = namesAfter(tracks, census, change)
  if (before.length === after.length && after.every((name, i) => before[i] === name)) return census
  const next = new Map(census)
  if (after.length === 0) next.delete(pid)
  else next.set(pid, after)
  return next
}

const NONE: readonly string[] = []

function namesAfter(
  tracks: readonly TrackProcess[],
  census: Census,
  change: { readonly parent: number } | { readonly found: FoundProcess | undefined },
): readonly string[] {
  if ('parent' in change) return census.get(change.parent) ?? NONE
  const { found } = change
  return found === undefined ? NONE : namesOf(tracks, found)
}

const namesOf = (tracks: readonly TrackProcess[], found: FoundProcess): readonly string[] =>
  tracks.filter((track) => isMeant(track, found)).map(({ name }) => name)
