/** The command for people: looks at a running daemon and at configurations. Loads the language only for `config`. */

import { basename } from 'node:path'
import process from 'node:process'
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import type { AnnounceOptions } from './arping/index.ts'
import type { CaptureOptions } from './capture/index.ts'
import type { Shell } from './completion/index.ts'
import type { DiffOptions } from './config-commands.ts'
import type { FormatOptions } from './config-format.ts'
import type { CompareOptions, LintOptions, ReferenceOptions, ReviewFormat, ShowOptions } from './config-review.ts'
import type { DoctorCommand } from './doctor/index.ts'
import type { GenconfOptions } from './genconf/index.ts'
import type { SettingsOptions } from './ipvs-settings.ts'
import type { JournalOptions } from './journal/index.ts'
import { leave } from './leave.ts'
import type { Order, OrderOptions } from './orders.ts'
import type { RealServerAction, RealServerOptions } from './realserver/index.ts'
import { requestReload } from './reload.ts'
import type { RolloutOptions } from './rollout/index.ts'
import type { ServerOrder, ServerOrderOptions } from './server-orders.ts'
import { showStatus } from './status/index.ts'
import { version } from './version.ts'

const runDirectory = () => new Option('--run-dir <directory>', 'of the daemon').default('/run/holdfast')
const reviewFormat = () => new Option('--format <format>').choices(['text', 'json', 'sarif']).default('text')
const configId = () => new Option('-i, --config-id <id>', 'configuration id for @id lines (default: host name)')

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

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('a whole number')
  return Number(text)
}

async function main(argv: readonly string[]): Promise<number> {
  let exitCode = 0
  const program = new Command('holdfast')
    .description('Looks at a running holdfastd and at configurations.')
    .version(version, '-v, --version')
    .exitOverride()

  program
    .command('status')
    .description('virtual routers, virtual servers, connections and roles')
    .option('--json', 'the snapshot as JSON')
    .option('--yaml', 'the snapshot as YAML')
    .option('--watch [seconds]', 'again and again, every second unless told otherwise')
    .addOption(runDirectory())
    .action(async (options: { json?: true; yaml?: true; watch?: true | string; runDir: string }) => {
      exitCode = await showStatus({
        format: options.json ? 'json' : options.yaml ? 'yaml' : 'text',
        ...(options.watch === undefined ? {} : { watch: options.watch === true ? 1 : Number(options.watch) }),
        runDirectory: options.runDir,
      })
    })

  program
    .command('why')
    .argument('<name>', 'of a virtual router, a sync group or a virtual server')
    .description('why it is what it is: master or not, up or not, since when, and what was heard from whom')
    .option('--json', 'the sentences, and what they were made of')
    .addOption(runDirectory())
    .action(async (name: string, options: { json?: true; runDir: string }) => {
      const { explain } = await import('./why.ts')
      exitCode = await explain(name, options)
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
      const { showJournal } = await import('./journal/index.ts')
      exitCode = await showJournal(name, options)
    })

  const orderOptions = (command: Command): Command =>
    command
      .option('--reason <text>', 'shown with it')
      .option('--for <time>', 'at most so long: 90s, 10m, 2h, 3d')
      .addOption(runDirectory())
  const order = async (given: Order, options: OrderOptions) => {
    const { giveOrder } = await import('./orders.ts')
    exitCode = await giveOrder(given, options)
  }
  const orders = [
    ['failover', 'have another router take the place of masters here; tells what came of it'],
    ['hold', 'keep who is master as it is: a backup does not take over while another is master'],
  ] as const
  for (const [request, description] of orders)
    orderOptions(
      program
        .command(request)
        .argument('[names...]', 'of virtual routers or sync groups')
        .option('--all', 'all virtual routers')
        .description(description),
    ).action((names: readonly string[], options: OrderOptions) => order({ request, names }, options))
  program
    .command('release')
    .argument('[names...]', 'of virtual routers or sync groups')
    .option('--all', 'all virtual routers, and maintenance')
    .description('end failover and hold')
    .addOption(runDirectory())
    .action((names: readonly string[], options: OrderOptions) => order({ request: 'release', names }, options))
  orderOptions(
    program
      .command('maintenance')
      .addArgument(new Argument('<state>').choices(['on', 'off']))
      .description('give up all masters of this host, and stand aside while another router is there'),
  ).action((state: string, options: OrderOptions) => order({ request: 'maintenance', on: state === 'on' }, options))

  const serverOptions = (command: Command): Command =>
    command
      .option('--service <name>', 'only in this virtual server: tcp/192.0.2.1:80, 192.0.2.1:80, fwmark 7 or a group')
      .addOption(runDirectory())
  const serverOrder = async (given: ServerOrder, options: ServerOrderOptions) => {
    const { orderServers } = await import('./server-orders.ts')
    exitCode = await orderServers(given, options)
  }
  const serverOrders = [
    ['drain', 'no new connections to real servers; those there are go on'],
    ['undrain', 'end drain and disable'],
    ['disable', 'take real servers out of the forwarding table, whatever their checks say'],
    ['enable', 'end drain and disable'],
  ] as const
  for (const [request, description] of serverOrders) {
    const command = serverOptions(
      program.command(request).argument('<servers...>', '10.0.0.1:80, or an address for all its ports'),
    ).description(description)
    if (request === 'drain' || request === 'disable')
      command.option('--reason <text>', 'shown with it').option('--for <time>', 'at most so long: 90s, 10m, 2h, 3d')
    if (request === 'drain')
      command
        .option('--wait', 'until no connection is left')
        .option('--deadline <time>', 'disable what is not drained by then; exit code 1 with --wait')
    command.action((servers: readonly string[], options: ServerOrderOptions) =>
      serverOrder({ request, servers }, options),
    )
  }
  serverOptions(program.command('weight'))
    .argument('<server>', '10.0.0.1:80, or an address for all its ports')
    .argument('<weight>', 'a number, or `configured` for that of the configuration')
    .description('give a real server another weight')
    .option('--reason <text>', 'shown with it')
    .option('--for <time>', 'at most so long: 90s, 10m, 2h, 3d')
    .action((server: string, weight: string, options: ServerOrderOptions) =>
      serverOrder(
        {
          request: 'weight',
          servers: [server],
          ...(weight === 'configured' ? {} : { weight: /^\d+$/.test(weight) ? Number(weight) : Number.NaN }),
        },
        options,
      ),
    )

  program
    .command('reload')
    .description('have the daemon read its configuration again, and wait for the answer')
    .option('--allow-empty', 'also when nothing is left to run')
    .option('--graceful', 'real servers that are gone are drained first')
    .addOption(runDirectory())
    .action(async (options: { allowEmpty?: true; graceful?: true; runDir: string }) => {
      exitCode = await requestReload(options.runDir, options.allowEmpty === true, options.graceful === true)
    })

  program
    .command('rollout')
    .description(
      'one real server after the other: drain, run a command, wait for its checks, back; ends at the first failure',
    )
    .requiredOption('--service <address:port>', 'of the virtual server')
    .requiredOption('--command <words>', 'for the shell; {server} is the address of the real server, {port} its port')
    .option('--deadline <time>', 'for its connections to end; what is left then is cut', '5m')
    .option('--check-timeout <time>', 'for its checks to pass after the command', '2m')
    .option('--pause <time>', 'between two servers', '0')
    .option('--dry-run', 'only print the plan')
    .addOption(runDirectory())
    .action(async (options: RolloutOptions) => {
      const { rollOut } = await import('./rollout/index.ts')
      exitCode = await rollOut(options)
    })

  program
    .command('announce')
    .argument('<addresses...>', 'of this host, IPv4 or IPv6')
    .description('gratuitous ARP, or unsolicited neighbour advertisements: caches on the link learn where they are')
    .option('-I, --interface <name>', 'only there; default: wherever the address is')
    .addOption(new Option('-c, --count <number>', 'how often').default(5).argParser(wholeNumber))
    .addOption(new Option('-i, --interval <seconds>', 'between two').default(1).argParser(wholeNumber))
    .action(async (addresses: readonly string[], options: AnnounceOptions) => {
      const { announce } = await import('./arping/index.ts')
      exitCode = await announce(addresses, options)
    })

  program
    .command('realserver')
    .addArgument(new Argument('<action>').choices(['up', 'down', 'status', 'check']))
    .argument('[addresses...]', 'virtual addresses')
    .description('this host as a real server of direct routing or tunnels: addresses on lo, quiet about ARP; or back')
    .option('--config <file>', "the director's configuration: the services that have a real_server here")
    .option('--arrival <kind>', 'how packets come: direct, ipip, gre or gue:PORT (default: as the configuration says)')
    .option('--watch', 'with up: stay, and repair what others take away; SIGHUP reads the configuration again')
    .option('--json', 'with status: as JSON')
    .option('--state-dir <directory>', 'where is kept what was there before', '/run/holdfast-realserver')
    .action(async (action: RealServerAction, addresses: readonly string[], options: RealServerOptions) => {
      const { runRealServer } = await import('./realserver/index.ts')
      exitCode = await runRealServer(action, addresses, options)
    })

  program
    .command('doctor')
    .description(
      'what is wrong with this director, why it matters, what mends it; exit code 0 healthy, 1 warnings, 2 broken',
    )
    .option('--config <file>', 'default: where the daemon looks')
    .option('--peer <host|file>', 'the other director: its address, or its file')
    .option('--peer-command <words>', 'what runs a command there', 'ssh -o BatchMode=yes -o ConnectTimeout=3 {peer}')
    .option('--json', 'as JSON')
    .addOption(runDirectory())
    .action(async (options: DoctorCommand) => {
      const { runDoctor } = await import('./doctor/index.ts')
      exitCode = await runDoctor(options)
    })

  program
    .command('capture')
    .description(
      'what directors say, a line each, and why our daemon would pass it over: VRRP, ARP, BFD, synchronisation',
    )
    .option('-i, --interface <names...>', "default: the configuration's, or all")
    .option('--config <file>', 'default: where the daemon looks')
    .option('-w, --write <file>', 'the frames too, as pcap')
    .addOption(new Option('-c, --count <number>', 'end after so many').argParser(wholeNumber))
    .action(async (options: CaptureOptions) => {
      const { runCapture } = await import('./capture/index.ts')
      exitCode = await runCapture(options)
    })

  program
    .command('genconf')
    .description('the files of two directors, which differ only where they must, and the set-up of their real servers')
    .option('--vip <address/prefix>', 'virtual address')
    .option('--port <number>', 'of the service')
    .option('--protocol <name>', 'tcp or udp (default: tcp)')
    .option('--method <name>', 'how packets reach the real servers: dr, nat or tun (default: dr)')
    .option('--scheduler <name>', 'default: wlc')
    .option('--check <what>', 'tcp, the path of a page, or none (default: tcp)')
    .option('--directors <one,other>', 'addresses of the two')
    .option('--interface <name>', 'of the directors, for the virtual address (default: eth0)')
    .option('--real-servers <list>', 'ADDRESS[:PORT[:WEIGHT]], with commas between')
    .option('--gateway <address/prefix>', "nat: the real servers' gateway, which moves with the service")
    .option('--inside-interface <name>', 'nat: of the directors, towards the real servers (default: eth1)')
    .option('--router-id <number>', 'virtual_router_id (default: the last byte of the address)')
    .option('--password <word>', 'of the VRRP advertisements (default: eight random characters)')
    .option('--unicast', 'advertisements to the other director alone')
    .option('--ask', 'ask for what is left open')
    .option('--directory <path>', 'where the files go', '.')
    .option('--force', 'replace files that are there')
    .action(async (options: GenconfOptions) => {
      const { runGenconf } = await import('./genconf/index.ts')
      exitCode = await runGenconf(options)
    })

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
    .command('ipvs-settings')
    .argument('[settings...]', 'NAME to show one, NAME=VALUE to set it; none: all')
    .description("settings of forwarding as a whole, by the names of IPVS's sysctls")
    .option('--json', 'values as JSON')
    .addOption(new Option('--backend <name>', 'default: what the running daemon uses').choices(['ebpf', 'ipvs']))
    .addOption(runDirectory())
    .action(async (words: readonly string[], options: SettingsOptions) => {
      const { ipvsSettings } = await import('./ipvs-settings.ts')
      exitCode = await ipvsSettings(words, options)
    })

  program
    .command('completion')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .description('the script by which a shell completes holdfast, holdfastd and keywords')
    .action(async (shell: Shell) => {
      const { writeCompletion } = await import('./completion/index.ts')
      exitCode = writeCompletion(shell, program)
    })

  const config = program.command('config').description('look at configurations')
  config
    .command('check')
    .argument('[file]')
    .description('all diagnostics, as holdfastd -t')
    .addOption(reviewFormat())
    .addOption(configId())
    .action(async (file: string | undefined, options: { configId?: string; format: ReviewFormat }) => {
      const { checkConfiguration } = await import('./config-commands.ts')
      exitCode = await checkConfiguration(file, options.configId, options.format)
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
      const { show } = await import('./config-review.ts')
      exitCode = show(file, options)
    })
  config
    .command('fmt')
    .argument('[files...]')
    .description('files in one layout, comments kept; refuses where that could change what is meant')
    .option('-w, --write', 'back into the files instead of to standard output')
    .option('--check', 'only name those of another layout; exit code 1 if there are any')
    .addOption(configId())
    .action(async (files: readonly string[], options: FormatOptions) => {
      const { formatConfigurations } = await import('./config-format.ts')
      exitCode = formatConfigurations(files, options)
    })
  config
    .command('explain')
    .argument('<keyword>', 'a word, with its block if you like: virtual_server.quorum')
    .description('what a keyword takes, its default and range, what it means and since when it exists')
    .action(async (keyword: string) => {
      const { explainKeyword } = await import('./config-review.ts')
      exitCode = explainKeyword(keyword)
    })
  config
    .command('reference')
    .description('every keyword, as the page docs/keywords.md')
    .option('--support', 'only which are supported, as the table in docs/configuration.md')
    .action(async (options: ReferenceOptions) => {
      const { writeReference } = await import('./config-review.ts')
      exitCode = writeReference(options)
    })
  config
    .command('schema')
    .description('the JSON Schema of configurations as YAML or JSON, for editors')
    .action(async () => {
      const { writeSchema } = await import('./config-review.ts')
      exitCode = writeSchema()
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
      const { lint } = await import('./config-review.ts')
      exitCode = lint(file, options)
    })
  config
    .command('compare')
    .argument('<one>')
    .argument('<other>')
    .description(
      "whether two directors' files make a pair; exit code 1 when there is something to say, 2 when they do not",
    )
    .addOption(reviewFormat())
    .addOption(configId())
    .option('--other-config-id <id>', 'configuration id of the second director')
    .action(async (one: string, other: string, options: CompareOptions) => {
      const { compare } = await import('./config-review.ts')
      exitCode = compare(one, other, options)
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
      const { diffConfigurations } = await import('./config-commands.ts')
      exitCode = await diffConfigurations(
        [before, after].flatMap((file) => file ?? []),
        options,
      )
    })

  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode
  }
  return exitCode
}
