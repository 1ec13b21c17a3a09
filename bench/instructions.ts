/**
 * Instructions of the forwarding program, a packet, counted in the stock kernel's guest, whose clock counts them. The recorded
 * figures are in bench/insn.json. From the repository's root, with `make tools` done.
 */
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'

export type Instructions = Readonly<Record<string, number>>

const FILE = 'bench/insn.json'
/** Above the recorded figure by more than that is a failure. The same program counts the same to a fraction of it. */
export const TOLERANCE = 0.03
/** Of a program that does nothing: what BPF_PROG_TEST_RUN takes of each figure. */
export const EMPTY = 92

export const most = (recorded: number): number => Math.floor(recorded * (1 + TOLERANCE))

export const readRecorded = (): Instructions => JSON.parse(readFileSync(FILE, 'utf8')) as Instructions

export const record = (counted: Instructions): void => writeFileSync(FILE, `${JSON.stringify(counted, undefined, 2)}\n`)

/** Runs a command where an instruction takes a nanosecond; what it said. */
export function whereInstructionsCount(modules: string, command: readonly string[]): Promise<string> {
  const guest = spawn('scripts/kernel-vm', command, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, KVM_ICOUNT: '1', KVM_MODULES: modules, KVM_TIMEOUT: '600' },
  })
  const stop = (): void => void guest.kill()
  process.once('exit', stop)
  return new Promise((done, refuse) => {
    let said = ''
    guest.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    guest.on('error', refuse)
    guest.on('close', (status) => {
      process.removeListener('exit', stop)
      if (status === 0) done(said)
      else refuse(new Error(`the guest ended with status ${status}: ${said.slice(-2000)}`))
    })
  })
}

export async function countInstructions(): Promise<Instructions> {
  const said = await whereInstructionsCount('', [process.execPath, 'build/tools/bench/decisions.js', '--json'])
  const line = said.split('\n').find((text) => text.startsWith('{'))
  if (line === undefined) throw new Error(`the guest did not count: ${said.slice(-2000)}`)
  return JSON.parse(line) as Instructions
}

/**
 * As `countInstructions`; where a figure is more than the tolerance above the recorded one they are counted once more, and the
 * lower counts. Which entries share a bucket of a map is the kernel's chance at each start and can only add to a figure: a
 * program that has become dearer is so both times.
 */
export async function countAgainst(recorded: Instructions): Promise<Instructions> {
  const counted = await countInstructions()
  const above = ([name, figure]: readonly [string, number]): boolean => figure > most(recorded[name] ?? 0)
  if (!Object.entries(counted).some(above)) return counted
  const again = await countInstructions()
  return Object.fromEntries(Object.entries(counted).map(([name, is]) => [name, Math.min(is, again[name] ?? is)]))
}
