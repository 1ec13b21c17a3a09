import { type Command, Option } from 'commander'
import type { SettingsOptions } from '../ipvs-settings.ts'
import type { RolloutOptions } from '../rollout/index.ts'
import type { ServerOrder, ServerOrderOptions } from '../server-orders.ts'
import { type Ends, runDirectory } from './shared.ts'

const SERVER = '10.0.0.1:80, an address for all its ports, or a name that real_server dns or srv lists'

/** Real servers by hand, and the table they are in. */
export function addServerOrders(program: Command, ends: Ends): void {
  const serverOptions = (command: Command): Command =>
    command
      .option('--service <name>', 'only in this virtual server: tcp/192.0.2.1:80, 192.0.2.1:80, fwmark 7 or a group')
      .option('--json', 'what became of each, as JSON')
      .addOption(runDirectory())
  const serverOrder = async (given: ServerOrder, options: ServerOrderOptions) => {
    const { orderServers } = await import('../server-orders.ts')
    ends(await orderServers(given, options))
  }
  const serverOrders = [
    ['drain', 'no new connections to real servers; those there are go on'],
    ['undrain', 'end drain and disable'],
    ['disable', 'take real servers out of the forwarding table, whatever their checks say'],
    ['enable', 'end drain and disable'],
  ] as const
  for (const [request, description] of serverOrders) {
    const command = serverOptions(program.command(request).argument('<servers...>', SERVER)).description(description)
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
    .argument('<server>', SERVER)
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
      const { rollOut } = await import('../rollout/index.ts')
      ends(await rollOut(options))
    })

  program
    .command('ipvs-settings')
    .argument('[settings...]', 'NAME to show one, NAME=VALUE to set it; none: all')
    .description("settings of forwarding as a whole, by the names of IPVS's sysctls")
    .option('--json', 'values as JSON')
    .addOption(new Option('--backend <name>', 'default: what the running daemon uses').choices(['ebpf', 'ipvs']))
    .addOption(runDirectory())
    .action(async (words: readonly string[], options: SettingsOptions) => {
      const { ipvsSettings } = await import('../ipvs-settings.ts')
      ends(await ipvsSettings(words, options))
    })
}
