/** The command for people: looks at a running daemon and at configurations. Loads the language only for `config`. */

import { basename } from 'node:path'
import process from 'node:process'
import { Argument, Command, CommanderError } from 'commander'
import {
  addConfigurationCommands,
  addHostCommands,
  addRouterOrders,
  addServerOrders,
  addWatching,
  type Ends,
} from './commands/index.ts'
import type { Shell } from './completion/index.ts'
import { leave } from './leave.ts'
import type { ManualPage } from './manual/index.ts'
import { version } from './version.ts'

await leave(await started(process.argv[1] ?? '', process.argv.slice(2)))

/** ipvsadm and genhash read their words by rules of their own, whether by our command or by their name. */
async function started(path: string, argv: readonly string[]): Promise<number> {
  const name = basename(path)
  if (name === 'genhash' || argv[0] === 'genhash') {
    const { runGenhash } = await import('./genhash/index.ts')
    return runGenhash(name === 'genhash' ? argv : argv.slice(1))
  }
  if (argv[0] === 'arping') {
    const { runArping } = await import('./arping/index.ts')
    return runArping(argv.slice(1))
  }
  const called = /^ipvsadm(-save|-restore)?$/.test(name)
  if (!called && argv[0] !== 'ipvsadm') return main(argv)
  const { programs, runIpvsadm } = await import('./ipvsadm/index.ts')
  return runIpvsadm(programs.find((program) => program === name) ?? 'ipvsadm', called ? argv : argv.slice(1))
}

async function main(argv: readonly string[]): Promise<number> {
  let exitCode = 0
  const ends: Ends = (code) => {
    exitCode = code
  }
  const program = new Command('holdfast')
    .description('Looks at a running holdfastd and at configurations.')
    .version(version, '-v, --version')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`holdfast: ${text.replace(/^error: /, '')}`) })
  addWatching(program.commandsGroup('What runs, and why:'), ends)
  addRouterOrders(program.commandsGroup('Who is master, by hand:'), ends)
  addServerOrders(program.commandsGroup('Real servers, by hand:'), ends)
  addConfigurationCommands(program.commandsGroup('Configurations:'), ends)
  addHostCommands(program.commandsGroup('This host and its links:'), ends)

  // These only for the list of commands: they have been carried out before.
  program
    .command('arping')
    .argument('[words...]')
    .description('who on a link has an address, as iputils arping does, and for IPv6; `holdfast arping -h` explains')
  program
    .command('genhash')
    .argument('[words...]')
    .description('the MD5 of a page, for `digest` of a checker; `holdfast genhash -h` explains')
  program
    .command('ipvsadm')
    .argument('[words...]')
    .description('the forwarding table by hand, as ipvsadm does; `holdfast ipvsadm -h` explains')

  program
    .commandsGroup('For shells and man(1):')
    .command('completion')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .description('the script by which a shell completes holdfast, holdfastd and keywords')
    .action(async (shell: Shell) => {
      const { writeCompletion } = await import('./completion/index.ts')
      exitCode = writeCompletion(shell, program)
    })

  program
    .command('manual')
    .addArgument(new Argument('<page>').choices(['holdfast.1', 'holdfastd.8', 'holdfast.conf.5', 'holdfast-ipvsadm.8']))
    .description('a manual page, for man(1): holdfast manual holdfast.conf.5 | man -l -')
    .action(async (page: ManualPage) => {
      const { writeManual } = await import('./manual/index.ts')
      exitCode = writeManual(page, program)
    })

  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode
  }
  return exitCode
}
