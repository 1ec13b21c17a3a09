import { type Command, Option } from 'commander'
import type { DiffOptions } from '../config-commands.ts'
import type { FormatOptions } from '../config-format.ts'
import type { CompareOptions, LintOptions, ReferenceOptions, ReviewFormat, ShowOptions } from '../config-review.ts'
import { type Ends, runDirectory } from './shared.ts'

const reviewFormat = () => new Option('--format <format>').choices(['text', 'json', 'sarif']).default('text')
const configId = () => new Option('-i, --config-id <id>', 'configuration id for @id lines (default: host name)')

/** Looking at configurations. */
export function addConfigurationCommands(program: Command, ends: Ends): void {
  const config = program.command('config').description('look at configurations')
  config
    .command('check')
    .argument('[file]')
    .description('all diagnostics, as holdfastd -t')
    .addOption(reviewFormat())
    .addOption(configId())
    .action(async (file: string | undefined, options: { configId?: string; format: ReviewFormat }) => {
      const { checkConfiguration } = await import('../config-commands.ts')
      ends(await checkConfiguration(file, options.configId, options.format))
    })
  config
    .command('show')
    .alias('print')
    .argument('[file]')
    .description('the configuration as understood, everything spelt out, what no file holds marked as implied')
    .addOption(new Option('--format <format>').choices(['conf', 'yaml', 'json']).default('conf'))
    .option('--secrets', 'passwords and keys too; only then can it be read back')
    .addOption(configId())
    .action(async (file: string | undefined, options: ShowOptions) => {
      const { show } = await import('../config-review.ts')
      ends(show(file, options))
    })
  config
    .command('fmt')
    .argument('[files...]')
    .description('files in one layout, comments kept; refuses where that could change what is meant')
    .option('-w, --write', 'back into the files instead of to standard output')
    .option('--check', 'only name those of another layout; exit code 1 if there are any')
    .addOption(configId())
    .action(async (files: readonly string[], options: FormatOptions) => {
      const { formatConfigurations } = await import('../config-format.ts')
      ends(formatConfigurations(files, options))
    })
  config
    .command('explain')
    .argument('<keyword>', 'a word, with its block if you like: virtual_server.quorum')
    .description('what a keyword takes, its default and range, what it means and since when it exists')
    .action(async (keyword: string) => {
      const { explainKeyword } = await import('../config-review.ts')
      ends(explainKeyword(keyword))
    })
  config
    .command('reference')
    .description('every keyword, as the page docs/keywords.md')
    .option('--support', 'only which are supported, as the table in docs/configuration.md')
    .action(async (options: ReferenceOptions) => {
      const { writeReference } = await import('../config-review.ts')
      ends(writeReference(options))
    })
  config
    .command('schema')
    .description('the JSON Schema of configurations as YAML or JSON, for editors')
    .action(async () => {
      const { writeSchema } = await import('../config-review.ts')
      ends(writeSchema())
    })
  config
    .command('lint')
    .argument('[file]')
    .description('the same, and what is correct but seldom meant; exit code 1 when there is something, 2 for errors')
    .option('--without <rules>', 'names of rules that are not asked, with commas between')
    .option('--rules', 'list the rules, and why')
    .addOption(reviewFormat())
    .addOption(configId())
    .action(async (file: string | undefined, options: LintOptions) => {
      const { lint } = await import('../config-review.ts')
      ends(lint(file, options))
    })
  config
    .command('compare')
    .argument('<one>')
    .argument('<other>')
    .description(
      "whether two directors' files make a pair; exit code 1 when there is something to say, 2 when they do not",
    )
    .option('--without <rules>', 'names of rules that are not asked, with commas between')
    .addOption(reviewFormat())
    .addOption(configId())
    .option('--other-config-id <id>', 'configuration id of the second director')
    .action(async (one: string, other: string, options: CompareOptions) => {
      const { compare } = await import('../config-review.ts')
      ends(compare(one, other, options))
    })
  config
    .command('diff')
    .argument('[file]', "default: the daemon's own")
    .argument('[after]', 'with two files no daemon is asked')
    .description('what a reload would do, keyword by keyword; exit code 0: nothing, 1: something, 2: refuse it')
    .option('--json', 'as JSON')
    .addOption(configId())
    .addOption(runDirectory())
    .action(async (before: string | undefined, after: string | undefined, options: DiffOptions) => {
      const { diffConfigurations } = await import('../config-commands.ts')
      ends(
        await diffConfigurations(
          [before, after].flatMap((file) => file ?? []),
          options,
        ),
      )
    })
}
