import type { DaemonSettings, ProcessSettings } from '../../model/index.ts'
import { LEAST_PROCESSOR_TIME, looksLike, umaskBits } from '../keywords/index.ts'
import type { Node } from '../syntax/index.ts'
import { badValue, integer, type Lowering, rangeOf, required, switched } from './arguments.ts'

type Mutable<T> = { -readonly [Key in keyof T]?: T[Key] | undefined }

/** What global_defs say of the daemon itself. */
export type DaemonDraft = {
  settings: Mutable<Omit<DaemonSettings, 'vrrp' | 'checker'>>
  vrrp: Mutable<ProcessSettings>
  checker: Mutable<ProcessSettings>
  /** Of the vrrp role, where nothing else is said of it and there are sessions. */
  bfd: Mutable<ProcessSettings>
  processNames: boolean
}

export const emptyDaemonDraft = (): DaemonDraft => ({
  settings: {},
  vrrp: {},
  checker: {},
  bfd: {},
  processNames: false,
})

const PROCESS_WORD =
  /^(?:(vrrp|checker|lvs)_(priority|process_name)|(vrrp|checker|bfd)_(rt_priority|cpu_affinity|no_swap|rlimit_rtt?ime)|(vrrp|lvs)_netlink_(cmd|monitor)_rcv_bufs)$/

/** One line of global_defs; false: it is about something else. */
export function readDaemonLine(to: Lowering, node: Node, draft: DaemonDraft): boolean {
  const { settings } = draft
  const keyword = node.keyword.text
  const ofProcess = PROCESS_WORD.exec(keyword)
  if (ofProcess !== null && keyword !== 'vrrp_rt_priority') {
    const [whose, what = ''] = ofProcess.slice(1).filter((group) => group !== undefined)
    readProcessLine(to, node, draft[whose === 'vrrp' || whose === 'bfd' ? whose : 'checker'], what)
    return true
  }
  switch (keyword) {
    case 'data_use_instance':
      switched(to, node, settings, 'dumpsWithInstance')
      return true
    case 'process_monitor_rcv_bufs':
      settings.processMonitorBuffer = integer(to, node) || undefined
      return true
    case 'process_names':
      draft.processNames = true
      return true
    case 'process_name':
      settings.processName = name(to, node) ?? settings.processName
      return true
    case 'umask':
      settings.umask = umask(to, node) ?? settings.umask
      return true
    case 'stats_dump_file':
      settings.statsDumpFile = required(to, node, 'a path')?.text ?? settings.statsDumpFile
      return true
    case 'json_dump_file':
      settings.jsonDumpFile = required(to, node, 'a path')?.text ?? settings.jsonDumpFile
      return true
    case 'json_version':
      settings.jsonVersion = (integer(to, node) as 1 | 2 | undefined) ?? settings.jsonVersion
      return true
    case 'config_save_dir':
      settings.configurationCopies = required(to, node, 'a directory')?.text ?? settings.configurationCopies
      return true
    case 'reload_time_file':
      settings.reloadTimeFile = required(to, node, 'a path')?.text ?? settings.reloadTimeFile
      return true
    case 'reload_repeat':
      switched(to, node, settings, 'reloadRepeat')
      return true
    case 'reload_check_config':
      settings.reloadCheckLog = node.words[0]?.text ?? ''
      return true
    case 'reload_file':
      settings.reloadFile = node.words[0]?.text ?? ''
      return true
    default:
      return false
  }
}

/** `instance NAME` of the top level: it becomes part of file names. */
export function readInstance(to: Lowering, node: Node, { settings }: DaemonDraft): void {
  const word = required(to, node, 'a name')
  if (word === undefined) return
  if (!looksLike('IDENTITY', word.text))
    badValue(to, 'instance', word, 'is no name of an instance: it becomes part of file names')
  else if (settings.instance === undefined) settings.instance = word.text
  else to.report.warning('remark', node.at, 'instance is given already; the first one is used')
}

function readProcessLine(to: Lowering, node: Node, process: Mutable<ProcessSettings>, what: string): void {
  switch (what) {
    case 'priority':
      process.nice = integer(to, node) ?? process.nice
      return
    case 'rt_priority':
      process.realTimePriority = integer(to, node) ?? process.realTimePriority
      return
    case 'cpu_affinity':
      process.cpus = cpus(to, node) ?? process.cpus
      return
    case 'no_swap':
      process.locksProgram = true
      return
    case 'process_name':
      process.name = name(to, node) ?? process.name
      return
    case 'rlimit_rttime':
    case 'rlimit_rtime': {
      const most = integer(to, node)
      if (most !== undefined) process.processorTime = Math.max(most, LEAST_PROCESSOR_TIME)
      if (most !== undefined && most < LEAST_PROCESSOR_TIME)
        to.report.warning(
          'without-effect',
          node.at,
          `${node.keyword.text} ${most} would end a role while it reads a configuration; ${LEAST_PROCESSOR_TIME} holds`,
          { remedy: `write ${LEAST_PROCESSOR_TIME} or more` },
        )
      return
    }
    case 'cmd':
      process.commandBuffer = integer(to, node) || undefined
      return
    case 'monitor':
      process.monitorBuffer = integer(to, node) || undefined
  }
}

function name(to: Lowering, node: Node): string | undefined {
  return required(to, node, 'a name')?.text.slice(0, node.known?.facts.counted)
}

/** One that is no number cancels the list (keepalived). */
function cpus(to: Lowering, node: Node): readonly number[] | undefined {
  const first = required(to, node, 'numbers of processors')
  if (first === undefined) return undefined
  const { min, max } = rangeOf(node, 'CPU')
  const bad = node.words.find(({ text }) => !/^\d{1,4}$/.test(text) || Number(text) < min || Number(text) > max)
  if (bad !== undefined) {
    badValue(to, node.keyword.text, bad, `is no number of a processor from ${min} to ${max}`)
    return undefined
  }
  return [...new Set(node.words.map(({ text }) => Number(text)))]
}

/** `022`, `0x1f`, or names of bits with `|` between them. */
function umask(to: Lowering, node: Node): number | undefined {
  const first = required(to, node, 'a number or bits')
  if (first === undefined) return undefined
  const text = node.words.map((word) => word.text).join('')
  if (looksLike('BITS', text)) return /^\d/.test(text) ? numberOf(text) : bitsOf(text)
  badValue(to, 'umask', first, 'is neither a number up to 0777 nor bits such as IRWXG|IRWXO')
  return undefined
}

const numberOf = (text: string): number =>
  /^0x/i.test(text) ? Number.parseInt(text, 16) : Number.parseInt(text, text.startsWith('0') ? 8 : 10)

/** Of words as `looksLike` lets them through: `IRWXG|S_IWOTH`. */
function bitsOf(text: string): number {
  let bits = 0
  for (const word of text.split('|'))
    for (const [owner, shift] of Object.entries(umaskBits.whose))
      for (const [right, value] of Object.entries(umaskBits.which))
        if (word.endsWith(`I${right}${owner}`)) bits |= value << shift
  return bits
}

/**
 * Undefined: nothing was said.
 * @param withSessions  there are BFD sessions, which the vrrp role has
 */
export function daemonSettings(
  { settings, vrrp: own, checker, bfd, processNames }: DaemonDraft,
  withSessions: boolean,
): DaemonSettings | undefined {
  const { realTimePriority: _, ...ofBfd } = withSessions ? bfd : {}
  const vrrp = { ...present(ofBfd), ...present(own) }
  const named = (process: Mutable<ProcessSettings>, own: string): ProcessSettings =>
    present({ ...process, name: process.name ?? (processNames ? own : settings.processName) })
  const ofVrrp = named(vrrp, 'keepalived_vrrp')
  const ofChecker = named(checker, 'keepalived_lvs')
  const all: DaemonSettings = {
    ...present(settings),
    ...(Object.keys(ofVrrp).length === 0 ? {} : { vrrp: ofVrrp }),
    ...(Object.keys(ofChecker).length === 0 ? {} : { checker: ofChecker }),
  }
  return Object.keys(all).length === 0 ? undefined : all
}

/** Without what is undefined. */
const present = <T extends object>(of: T): { [Key in keyof T]: Exclude<T[Key], undefined> } =>
  Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>
  }
