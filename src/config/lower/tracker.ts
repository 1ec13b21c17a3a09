import { assertNever, type Micros, micros, seconds } from '../../base/index.ts'
import type { Command, Track, TrackedWeight, TrackFile, TrackScript } from '../../model/index.ts'
import { usualNumber, usualTruth } from '../keywords/index.ts'
import type { Span } from '../report.ts'
import type { Node } from '../syntax/index.ts'
import { badValue, command, integer, type Lowering, required, shown, timer } from './arguments.ts'
import { type LoweredSession, lowerSession } from './bfd-session.ts'
import { lineWords, optionNumber } from './line-words.ts'
import { type LoweredProcess, lowerProcess } from './track-process.ts'
import { usualTime } from './usual.ts'
import { firstWeight, readWeight, shownWeight, usualWeight } from './weight.ts'

export type LoweredScript = {
  readonly value: TrackScript
  readonly weight: TrackedWeight
  readonly at: Span
  readonly scripts: readonly { readonly command: Command; readonly at: Span }[]
}
export type LoweredFile = { readonly value: TrackFile; readonly weight: TrackedWeight; readonly at: Span }

/** What can be tracked by name. */
export type Trackables = {
  readonly scripts: ReadonlyMap<string, LoweredScript>
  readonly files: ReadonlyMap<string, LoweredFile>
  readonly processes: ReadonlyMap<string, LoweredProcess>
  readonly sessions: ReadonlyMap<string, LoweredSession>
}

const KINDS: readonly Track['kind'][] = ['interface', 'script', 'file', 'process', 'bfd']
const BLOCKS = {
  script: 'vrrp_script',
  file: 'track_file',
  process: 'vrrp_track_process',
  bfd: 'bfd_instance',
} as const

/** The blocks of what can be tracked; the second of a name is left out. */
export function lowerTrackables(to: Lowering, nodes: readonly Node[]): Trackables {
  const scripts = new Map<string, LoweredScript>()
  const files = new Map<string, LoweredFile>()
  const processes = new Map<string, LoweredProcess>()
  const sessions = new Map<string, LoweredSession>()
  for (const node of nodes) {
    const keyword = node.keyword.text
    if (keyword === 'vrrp_script') add(to, node, scripts, lowerScript(to, node))
    else if (keyword === 'track_file' || keyword === 'vrrp_track_file') add(to, node, files, lowerFile(to, node))
    else if (keyword === 'vrrp_track_process') add(to, node, processes, lowerProcess(to, node))
    else if (keyword === 'bfd_instance') add(to, node, sessions, lowerSession(to, node))
  }
  return { scripts, files, processes, sessions }
}

function add<T extends { readonly value: { readonly name: string }; readonly at: Span }>(
  to: Lowering,
  node: Node,
  all: Map<string, T>,
  one: T | undefined,
): void {
  if (one === undefined) return
  const { name } = one.value
  const first = all.get(name)
  if (first === undefined) all.set(name, one)
  else
    to.report.error('object', node.at, `${node.keyword.text} ${name} is there twice; the second is left out`, {
      related: [{ at: first.at, message: 'first written here' }],
    })
}

const usualScript = {
  interval: usualTime('vrrp_script', 'interval'),
  rise: usualNumber('vrrp_script', 'rise'),
  fall: usualNumber('vrrp_script', 'fall'),
  weight: usualWeight('vrrp_script'),
  initFail: usualTruth('vrrp_script', 'init_fail'),
}

function lowerScript(to: Lowering, node: Node): LoweredScript | undefined {
  const name = required(to, node, 'a name')
  if (name === undefined) return undefined
  let found: { command: Command; at: Span } | undefined
  let user: Pick<Command, 'user' | 'group'> = {}
  let interval: Micros | undefined
  let timeout: Micros | undefined
  let rise: number | undefined
  let fall: number | undefined
  let weight = usualScript.weight
  let initFail = usualScript.initFail
  const period = (line: Node) => {
    const time = timer(to, line)
    // 0 becomes 1 s; milliseconds are the least there is (keepalived.conf(5)).
    return time === undefined ? undefined : time === 0 ? seconds(1) : micros(Math.max(1_000, time))
  }
  for (const line of node.block?.nodes ?? [])
    switch (line.keyword.text) {
      case 'script': {
        const written = command(to, line)
        if (written !== undefined) found = { command: opening(written), at: line.at }
        break
      }
      case 'interval':
        interval = period(line) ?? interval
        break
      case 'timeout':
        timeout = period(line) ?? timeout
        break
      case 'rise':
        rise = integer(to, line) ?? rise
        break
      case 'fall':
        fall = integer(to, line) ?? fall
        break
      case 'weight':
        weight = readWeight(to, line) ?? weight
        break
      case 'user': {
        const word = required(to, line, 'a user')
        const group = line.words[1]
        if (word !== undefined) user = { user: word.text, ...(group === undefined ? {} : { group: group.text }) }
        break
      }
      case 'init_fail':
        initFail = true
        break
    }
  if (found === undefined) {
    to.report.error('object', node.at, `vrrp_script ${name.text} has no script; it is left out`, {
      remedy: 'add script and a command',
    })
    return undefined
  }
  const times = interval ?? usualScript.interval
  const identified = { ...found.command, ...user }
  return {
    value: {
      name: name.text,
      command: identified,
      interval: times,
      timeout: timeout ?? times,
      rise: rise ?? usualScript.rise,
      fall: fall ?? usualScript.fall,
      initFail,
      ...shownWeight(weight, usualScript.weight),
    },
    weight,
    at: node.at,
    scripts: [{ command: identified, at: found.at }],
  }
}

/** `</path` asks whether the file can be opened: the shell's business. */
const opening = (of: Command): Command =>
  of.argv[0]?.startsWith('<') ? { ...of, argv: ['/bin/sh', '-c', `: ${of.argv.join(' ')}`] } : of

const usualFileWeight = usualWeight('track_file')

function lowerFile(to: Lowering, node: Node): LoweredFile | undefined {
  const name = required(to, node, 'a name')
  if (name === undefined) return undefined
  let path: string | undefined
  let weight = usualFileWeight
  let init: TrackFile['init']
  for (const line of node.block?.nodes ?? [])
    switch (line.keyword.text) {
      case 'file': {
        const word = required(to, line, 'a path')
        if (word === undefined) break
        if (word.text.startsWith('/')) path ??= word.text
        else badValue(to, 'file', word, 'is not an absolute path')
        break
      }
      case 'weight':
        weight = firstWeight(to, line, weight, usualFileWeight)
        break
      case 'init_file': {
        const [first] = line.words
        const number = first === undefined || first.text === 'overwrite' ? 0 : integer(to, line)
        if (number === undefined) break
        init = { value: number, overwrite: line.words.some((word) => word.text === 'overwrite') }
        break
      }
    }
  if (path === undefined) {
    to.report.error('object', node.at, `${node.keyword.text} ${name.text} has no file; it is left out`, {
      remedy: 'add file and a path',
    })
    return undefined
  }
  const shown = shownWeight(weight, usualFileWeight)
  return { value: { name: name.text, path, ...(init === undefined ? {} : { init }), ...shown }, weight, at: node.at }
}

/** Lines `NAME [weight N] [reverse|noreverse]` of a track_ list in a virtual router or a sync group. */
export function readTracks(to: Lowering, node: Node, known: Trackables, before: readonly Track[]): readonly Track[] {
  const kind = node.keyword.text.replace('track_', '') as Track['kind']
  const tracks = [...before]
  for (const line of node.block?.nodes ?? []) {
    if (line.broken) continue
    const name = line.keyword
    const usual = ownWeight(kind, name.text, known)
    if (kind === 'bfd' && known.sessions.get(name.text)?.value.vrrp === false)
      to.report.error('value', name.at, `bfd_instance ${shown(name)} tells checkers only; it is not tracked`, {
        remedy: `write vrrp in bfd_instance ${name.text} as well, or remove the line`,
      })
    else if (kind !== 'interface' && usual === undefined) {
      const block = BLOCKS[kind]
      to.report.error('value', name.at, `there is no ${block} ${shown(name)}; it is not tracked`, {
        remedy: `add ${block} ${name.text} { … }, or remove the line`,
      })
    } else if (tracks.some((one) => one.kind === kind && one.name === name.text))
      to.report.warning('remark', name.at, `${shown(name)} is tracked already; the line has no effect`)
    else tracks.push({ kind, name: name.text, ...readOptions(to, line, kind, usual ?? NO_WEIGHT) })
  }
  // By kind, so that the order of the lists does not matter.
  return KINDS.flatMap((one) => tracks.filter((track) => track.kind === one))
}

const NO_WEIGHT: TrackedWeight = { weight: 0, reverse: false }

/** As its own block says; undefined where there is none. */
function ownWeight(kind: Track['kind'], name: string, known: Trackables): TrackedWeight | undefined {
  switch (kind) {
    case 'interface':
      return undefined
    case 'script':
      return known.scripts.get(name)?.weight
    case 'file':
      return known.files.get(name)?.weight
    case 'process':
      return known.processes.get(name)?.weight
    case 'bfd':
      return known.sessions.get(name)?.weight
    default:
      return assertNever(kind)
  }
}

function readOptions(to: Lowering, line: Node, kind: Track['kind'], usual: TrackedWeight): TrackedWeight {
  let { weight, reverse } = usual
  for (const { word, ...one } of lineWords(`track_${kind}`, line.words))
    switch (one.option) {
      case undefined:
        to.report.error('value', word.at, `${shown(word)} is no option of a tracker; it has no effect`, {
          remedy: 'write each on a line of its own',
        })
        break
      case 'weight':
        if (one.value === undefined)
          to.report.error('missing-argument', word.at, 'weight needs a whole number; the line goes without it')
        else weight = optionNumber(to, 'weight', one.facts, one.value) ?? weight
        break
      case 'reverse':
      case 'noreverse':
        reverse = one.option === 'reverse'
        break
    }
  return { weight, reverse }
}
