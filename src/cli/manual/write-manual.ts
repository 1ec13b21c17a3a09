import process from 'node:process'
import type { Command } from 'commander'
import { daemonCommand } from '../daemon/options.ts'
import { version } from '../version.ts'
import { daemonPage, holdfastPage } from './command-pages.ts'
import { configurationPage } from './configuration-page.ts'
import { ipvsadmPage } from './ipvsadm-page.ts'

const writers = {
  'holdfast.1': (program: Command) => holdfastPage(program, version),
  'holdfastd.8': () => daemonPage(daemonCommand(), version),
  'holdfast.conf.5': () => configurationPage(version),
  'holdfast-ipvsadm.8': () => ipvsadmPage(version),
} as const
export type ManualPage = keyof typeof writers

/** `holdfast manual`: a page for man(1); the exit code. */
export function writeManual(page: ManualPage, program: Command): number {
  process.stdout.write(writers[page](program))
  return 0
}
