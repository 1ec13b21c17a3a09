/**
 * What tests of processes that were killed have left: SIGKILL leaves nobody who could take it down. Each bears its maker's pid in
 * its name, and goes when there is no such process any more.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attempt, commandLine, processesIn, runningProcesses, signalTo } from './process.ts'

const BPF = '/sys/fs/bpf'
/** Of daemons, named after their run directories. */
const PINS = join(BPF, 'holdfast')
const NAMESPACES = /^(?:hf|h1|h2|settings)-(\d+)(?:-|$)/
const DIRECTORIES = /^holdfast-lab-(\d+)-/
const PINS_OF_DIRECTORIES = /tmp-holdfast-lab-(\d+)-/
const PINS_OF_PROGRAMS = /^holdfast-\w+(?:-bench)?-(\d+)(?:-\d+)?$/
/** Interface pairs in the first network namespace. */
const PAIRS = /^hfk(\d+)a$/

export function removeLeftovers(): void {
  for (const name of leftBehind('/run/netns', NAMESPACES)) removeNamespace(name)
  for (const name of leftBehind(tmpdir(), DIRECTORIES)) {
    endProcessesOf(join(tmpdir(), name))
    rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
  for (const name of leftBehind(PINS, PINS_OF_DIRECTORIES)) rmSync(join(PINS, name), { recursive: true, force: true })
  for (const name of leftBehind(BPF, PINS_OF_PROGRAMS)) rmSync(join(BPF, name), { recursive: true, force: true })
  for (const name of leftBehind('/sys/class/net', PAIRS)) attempt(['ip', 'link', 'del', name])
}

/** Ends what runs in it, and removes it. */
export function removeNamespace(namespace: string): void {
  // Twice: a supervisor that is ended first may have started a role meanwhile. A test itself may have entered.
  for (let round = 0; round < 2; round++)
    for (const pid of processesIn(namespace)) if (pid !== process.pid) signalTo(pid, 'SIGKILL')
  attempt(['ip', 'netns', 'del', namespace])
}

/** Entries whose names fit and whose maker, the first group of the pattern, is gone. */
function leftBehind(directory: string, pattern: RegExp): readonly string[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory).filter((name) => {
    const maker = pattern.exec(name)?.[1]
    return maker !== undefined && !existsSync(`/proc/${maker}`)
  })
}

/** Those in the first network namespace, which no namespace's end takes with it. */
function endProcessesOf(directory: string): void {
  for (const pid of runningProcesses()) if (commandLine(pid).includes(`${directory}/`)) signalTo(pid, 'SIGKILL')
}
