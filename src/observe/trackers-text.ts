import type { BfdSession, Command, Track, TrackedWeight, TrackFile, TrackScript } from '../model/index.ts'
import type { CountedProcess } from './instances-json.ts'
import { commandWords, type Identity, identityText } from './keepalived-words.ts'
import type { BfdSessionSnapshot, TrackedSnapshot } from './snapshot.ts'
import type { DescribedRouter } from './topology-text.ts'

/** A tracked script, what its runs have come to, 0 … rise + fall − 1, and whether one is under way. */
export type RunScript = { readonly script: TrackScript; readonly count: number; readonly running: boolean }

/** What virtual routers may track. */
export type Trackers = {
  readonly scripts: readonly RunScript[]
  readonly files: readonly TrackFile[]
  readonly processes: readonly CountedProcess[]
  readonly sessions: readonly BfdSession[]
  /** How these are. */
  readonly bfd: readonly BfdSessionSnapshot[]
}

/** Sections of keepalived's data file: tracked scripts, files, processes and BFD sessions, each where there are any. */
export function trackersText(
  all: Trackers,
  routers: readonly DescribedRouter[],
  identityOf: (command: Command) => Identity | undefined,
): string {
  const section = (title: string, entries: readonly string[]): string =>
    entries.length === 0 ? '' : `------< ${title} >------\n${entries.join('')}`
  const trackersOf = (kind: Track['kind'], name: string): readonly Tracking[] =>
    routers.flatMap(({ model, snapshot: { tracked = [] } }) =>
      tracked
        .filter((one) => one.kind === kind && one.name === name)
        .map((one) => ({ ...one, kind, router: model.name })),
    )
  return [
    section(
      'VRRP Scripts',
      all.scripts.map((one) => scriptText(one, trackersOf('script', one.script.name), identityOf(one.script.command))),
    ),
    section(
      'VRRP Track files',
      all.files.map((one) => fileText(one, trackersOf('file', one.name))),
    ),
    section(
      'VRRP Track processes',
      all.processes.map((one) => processText(one, trackersOf('process', one.track.name))),
    ),
    section(
      'VRRP Track BFDs',
      all.sessions.map(({ name, weight }) => {
        const isUp = all.bfd.find((one) => one.name === name)?.path === 'good'
        return entry(
          `VRRP Track BFD = ${name}`,
          [
            usualWeightLine(weight, 0),
            `Bfd is ${isUp ? 'up' : 'down'}`,
            'Tracking VRRP instances :',
            'Tracking instances :',
          ],
          trackersOf('bfd', name),
        )
      }),
    ),
  ].join('')
}

type Tracking = TrackedSnapshot & { readonly kind: Track['kind']; readonly router: string }

const titles: readonly (readonly [Track['kind'], string])[] = [
  ['interface', 'Tracked interfaces :'],
  ['script', 'Tracked scripts :'],
  ['file', 'Tracked files :'],
  ['process', 'Tracked processes :'],
  ['bfd', 'Tracked BFDs :'],
]

/** keepalived's punctuation. */
const behindName: Readonly<Record<Track['kind'], string>> = {
  interface: '',
  script: '',
  file: ',',
  process: ',',
  bfd: ':',
}

/** What a virtual router or a sync group says that it tracks. */
export const trackedLines = (tracks: readonly Track[]): readonly string[] =>
  titles.flatMap(([kind, title]) => {
    const some = tracks.filter((one) => one.kind === kind)
    return some.length === 0 ? [] : [title, ...some.map((one) => `  ${one.name}${behindName[kind]} ${weightText(one)}`)]
  })

/** @param usual  where it is not written */
const usualWeightLine = (of: TrackedWeight | undefined, usual: number): string =>
  `Weight = ${of === undefined ? usual : `${of.weight}${of.reverse ? ' reverse' : ''}`}`

const weightText = ({ weight, reverse }: Pick<Track, 'weight' | 'reverse'>): string =>
  `weight ${weight}${reverse ? ' reverse' : ''}`

const entry = (
  title: string,
  lines: readonly string[],
  tracking: readonly Tracking[],
  end: readonly string[] = [],
): string =>
  [
    ` ${title}`,
    ...lines.map((line) => `   ${line}`),
    ...tracking.map((one) => `     ${one.router}, ${weightText(one)}`),
    ...end.map((line) => `   ${line}`),
    '',
  ].join('\n')

const seconds = (us: number): number => Math.floor(us / 1_000_000)

function scriptText(
  { script, count, running }: RunScript,
  tracking: readonly Tracking[],
  identity: Identity | undefined,
): string {
  const isKnown = tracking.some(({ found }) => found !== 'unknown')
  const lines = [
    `Command = ${commandWords(script.command)}`,
    `Interval = ${seconds(script.interval)} sec`,
    // Not set: as long as the interval.
    `Timeout = ${script.timeout === script.interval ? 0 : seconds(script.timeout)} sec`,
    usualWeightLine(script.weight, 0),
    `Rise = ${script.rise}`,
    `Fall = ${script.fall}`,
    `Result = ${count}`,
    `Insecure = ${tracking.some(({ found }) => found === 'ignored') ? 'yes' : 'no'}`,
    `Init state = ${isKnown ? 'unknown' : script.initFail ? 'failed' : 'init'}`,
    `Status = ${tracking.some(({ found }) => found === 'good') ? 'GOOD' : 'BAD'}`,
    ...(identity === undefined ? [] : [`Script uid:gid = ${identityText(identity)}`]),
    'VRRP instances :',
    'Tracking instances :',
  ]
  return entry(`VRRP Script = ${script.name}`, lines, tracking, [`State = ${running ? 'running' : 'idle'}`])
}

function fileText({ name, path, weight }: TrackFile, tracking: readonly Tracking[]): string {
  const held = tracking.find(({ found }) => typeof found === 'number')?.found
  const lines = [
    `File = ${path}`,
    ...(held === undefined ? [] : [`Status = ${held}`]),
    usualWeightLine(weight, 1),
    'Tracking instances :',
  ]
  return entry(`Track file = ${name}`, lines, tracking)
}

function processText({ track, count, holds, changesAt }: CountedProcess, tracking: readonly Tracking[]): string {
  const waits = changesAt !== undefined
  const delay = (us: number): string => `${(us / 1_000_000).toFixed(6)}s`
  const lines = [
    `Process = ${track.command}`,
    ...(track.arguments.length === 0 ? [] : [`Parameters = ${track.arguments.join(' ')}`]),
    `Min processes = ${track.quorum}`,
    ...(track.most === undefined ? [] : [`Max processes = ${track.most}`]),
    `Current processes = ${count}`,
    `Have quorum = ${holds}`,
    usualWeightLine(track.weight, 0),
    `Terminate delay = ${delay(track.terminateDelay)}`,
    `Fork delay = ${delay(track.forkDelay)}`,
    `Fork delay timer ${waits && !holds ? '' : 'not '}running`,
    `Terminate delay timer ${waits && holds ? '' : 'not '}running`,
    `Full command = ${track.fullCommand}`,
    'Tracking instances :',
  ]
  return entry(`VRRP Track process = ${track.name}`, lines, tracking)
}
