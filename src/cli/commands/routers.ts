import { Argument, type Command } from 'commander'
import type { Order, OrderOptions } from '../orders.ts'
import { type Ends, runDirectory } from './shared.ts'

/** Who is master, by hand. */
export function addRouterOrders(program: Command, ends: Ends): void {
  const orderOptions = (command: Command): Command =>
    command
      .option('--reason <text>', 'shown with it')
      .option('--for <time>', 'at most so long: 90s, 10m, 2h, 3d')
      .addOption(runDirectory())
  const order = async (given: Order, options: OrderOptions) => {
    const { giveOrder } = await import('../orders.ts')
    ends(await giveOrder(given, options))
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
}
