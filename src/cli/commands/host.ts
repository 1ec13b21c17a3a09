import { Argument, type Command, Option } from 'commander'
import type { AnnounceOptions } from '../arping/index.ts'
import type { CaptureOptions } from '../capture/index.ts'
import type { DoctorCommand } from '../doctor/index.ts'
import type { GenconfOptions } from '../genconf/index.ts'
import type { RealServerAction, RealServerOptions } from '../realserver/index.ts'
import { type Ends, runDirectory, wholeNumber } from './shared.ts'

/** This host and its links: what no daemon is needed for. */
export function addHostCommands(program: Command, ends: Ends): void {
  program
    .command('announce')
    .argument('<addresses...>', 'of this host, IPv4 or IPv6')
    .description('gratuitous ARP, or unsolicited neighbour advertisements: caches on the link learn where they are')
    .option('-I, --interface <name>', 'only there; default: wherever the address is')
    .addOption(new Option('-c, --count <number>', 'how often').default(5).argParser(wholeNumber))
    .addOption(new Option('-i, --interval <seconds>', 'between two').default(1).argParser(wholeNumber))
    .action(async (addresses: readonly string[], options: AnnounceOptions) => {
      const { announce } = await import('../arping/index.ts')
      ends(await announce(addresses, options))
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
      const { runRealServer } = await import('../realserver/index.ts')
      ends(await runRealServer(action, addresses, options))
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
      const { runDoctor } = await import('../doctor/index.ts')
      ends(await runDoctor(options))
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
      const { runCapture } = await import('../capture/index.ts')
      ends(await runCapture(options))
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
      const { runGenconf } = await import('../genconf/index.ts')
      ends(await runGenconf(options))
    })
}
