import process from 'node:process'
import type { Command } from 'commander'
import { keywordQuestions } from '../../config/index.ts'
import { daemonCommand } from '../daemon/options.ts'
import { bashScript } from './bash.ts'
import { commandTree } from './command-tree.ts'
import { fishScript } from './fish.ts'
import { zshScript } from './zsh.ts'

const writers = { bash: bashScript, zsh: zshScript, fish: fishScript } as const
export type Shell = keyof typeof writers

/** `holdfast completion`: the script for a shell; the exit code. */
export function writeCompletion(shell: Shell, program: Command): number {
  const programs = [program, daemonCommand()].map((command) => commandTree(command, keywordQuestions()))
  process.stdout.write(writers[shell](programs))
  return 0
}
