import type { Micros } from '../base/index.ts'
import type { Command } from './command.ts'

/** A line of a track_ list: something whose state changes a virtual router's priority, or is a fault of it. */
export type Track = {
  readonly kind: 'interface' | 'script' | 'file' | 'process' | 'bfd'
  readonly name: string
  /** −253…253, files −254…254; 0: a fault instead of a weight. */
  readonly weight: number
  readonly reverse: boolean
}

/** What an object that can be tracked gives those who track it without saying. They have it by themselves: this is only shown. */
export type TrackedWeight = Pick<Track, 'weight' | 'reverse'>

/** One vrrp_script: a command whose exit code 0 is good. */
export type TrackScript = {
  readonly name: string
  readonly command: Command
  /** From start to start. */
  readonly interval: Micros
  /** A run that takes longer has failed, and is ended. */
  readonly timeout: Micros
  /** Results in a row that it takes to change from bad to good, and from good to bad; at least 1. */
  readonly rise: number
  readonly fall: number
  /** Bad until the first result. */
  readonly initFail: boolean
  /** Absent: 0. */
  readonly weight?: TrackedWeight
}

/** One track_file: a file that holds a whole number. */
export type TrackFile = {
  readonly name: string
  readonly path: string
  /** Written at a start where the file is missing, or with `overwrite` in any case. */
  readonly init?: { readonly value: number; readonly overwrite: boolean }
  /** Absent: 1. */
  readonly weight?: TrackedWeight
}

/** One vrrp_track_process: good while as many processes as it says run. */
export type TrackProcess = {
  readonly name: string
  /** The kernel's name of a process, at most 15 bytes, or with `fullCommand` what its command line begins with. */
  readonly command: string
  readonly arguments: readonly string[]
  /** Compare the command line and not the kernel's name. */
  readonly fullCommand: boolean
  /**
   * How arguments are compared: absent not at all; `exact` all; `partial` those given with the first ones; `initial` the
   * same, and the last may go on.
   */
  readonly match?: 'exact' | 'partial' | 'initial'
  /** How many are good, at least and at most. */
  readonly quorum: number
  readonly most?: number
  /** How long it has to hold: gaining what was missing, losing what was there. */
  readonly forkDelay: Micros
  readonly terminateDelay: Micros
  /** Absent: 0. */
  readonly weight?: TrackedWeight
}

/** What was found of something tracked. */
export type Observation =
  | { readonly type: 'good' }
  | { readonly type: 'bad'; readonly reason: string }
  /** What a file holds; 0 where it is missing, empty or no number. */
  | { readonly type: 'value'; readonly value: number }
  /** It cannot be found out, and counts for nothing: a script that may not be run. */
  | { readonly type: 'ignored' }

export type Observed = { readonly key: string; readonly observation: Observation }

/** Names what is tracked: `script chk_haproxy`. */
export const trackKey = ({ kind, name }: Pick<Track, 'kind' | 'name'>): string => `${kind} ${name}`
