import { type Command, Option } from 'commander'
import type { JournalOptions } from '../journal/index.ts'
import { requestReload } from '../reload.ts'
import { showStatus } from '../status/index.ts'
import { type Ends, runDirectory } from './shared.ts'

/** What runs, why, and what happened; and having the configuration read again. */
export function addWatching(program: Command, ends: Ends): void {
  program
    .command('status')
    .description('virtual routers, virtual servers, connections and roles')
    .addOption(new Option('--json', 'the snapshot as JSON').conflicts(['yaml', 'problems']))
    .addOption(new Option('--yaml', 'the snapshot as YAML').conflicts('problems'))
    .option('--problems', 'only what is not as the configuration has it, and how much there is of it')
    .option('--watch [seconds]', 'again and again, every second unless told otherwise')
    .addOption(runDirectory())
    .action(async (options: { json?: true; yaml?: true; problems?: true; watch?: true | string; runDir: string }) => {
      ends(
        await showStatus({
          format: options.json ? 'json' : options.yaml ? 'yaml' : 'text',
          ...(options.problems === undefined ? {} : { problems: options.problems }),
          ...(options.watch === undefined ? {} : { watch: options.watch === true ? 1 : Number(options.watch) }),
          runDirectory: options.runDir,
        }),
      )
    })

  program
    .command('why')
    .argument('<name>', 'of a virtual router, a sync group, a virtual server or a real server (10.0.0.1:80)')
    .description('why it is what it is: master or not, in the pool or not, since when, and what was heard from whom')
    .option('--json', 'the sentences, and what they were made of')
    .addOption(runDirectory())
    .action(async (name: string, options: { json?: true; runDir: string }) => {
      const { explain } = await import('../why.ts')
      ends(await explain(name, options))
    })

  program
    .command('log')
    .argument('[name]', 'only what is about this virtual router, group, script or server')
    .description('what happened: the last 2000 entries, also of daemons before this one since the host was started')
    .option('-f, --follow', 'go on with what happens from now on')
    .option('--since <time>', 'from then on: 10m for ten minutes ago, 18:30, or 2026-11-21T18:30')
    .option('--json', 'JSON lines')
    .addOption(runDirectory())
    .action(async (name: string | undefined, options: JournalOptions) => {
      const { showJournal } = await import('../journal/index.ts')
      ends(await showJournal(name, options))
    })

  program
    .command('reload')
    .description('have the daemon read its configuration again, and wait for the answer')
    .option('--allow-empty', 'also when nothing is left to run')
    .option('--graceful', 'real servers that are gone are drained first')
    .addOption(runDirectory())
    .action(async (options: { allowEmpty?: true; graceful?: true; runDir: string }) => {
      ends(await requestReload(options.runDir, options.allowEmpty === true, options.graceful === true))
    })
}
