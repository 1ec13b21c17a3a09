/**
 * `make demo`: two directors run from the how-to's configurations under steady load. A real server fails and comes back,
 * the master's processes are killed, and at last the master's host goes dark. Each time the demo says what a client saw.
 */
import { argv, exit } from 'node:process'
import type { DestinationSnapshot } from '../src/observe/index.ts'
import { type Holdfastd, type Load, millis, nowMillis, summary, until } from '../test/lab/library/index.ts'
import { type Director, directRoutingScene, natScene, type Scene, VIRTUAL_ADDRESS, type WebServer } from './scene.ts'
import { bold, dim, green, openTimeline, red, seconds, type Timeline, yellow } from './timeline.ts'

/** Milliseconds between two requests. */
const PACE = 10

type Play = {
  readonly scene: Scene
  readonly timeline: Timeline
  readonly load: Load
  readonly daemons: readonly [Holdfastd, Holdfastd]
}

async function main(): Promise<void> {
  const timeline = openTimeline()
  const scene = argv.includes('--nat') ? natScene() : directRoutingScene()
  const [first, second] = scene.directors
  timeline.say(bold(`Holdfast: ${scene.title}, as in the how-tos\n`))
  for (const line of scene.picture) timeline.say(dim(line))

  timeline.chapter('A pair of directors')
  const stops = await Promise.all(scene.servers.map(({ start }) => start()))
  timeline.event(`hosts built, nginx runs on ${scene.servers.map(({ name }) => name).join(' and ')}`)
  const begun = nowMillis()
  const daemons = await Promise.all([start(first), start(second)])
  for (const { host, example } of scene.directors)
    timeline.event(`holdfastd runs on ${host.name} ${dim(`from ${example}`)}`)
  await first.host.holds(VIRTUAL_ADDRESS)
  timeline.event(
    `${green('●')} ${bold(`${first.host.name} is master`)} and holds ${VIRTUAL_ADDRESS}, ${seconds(nowMillis() - begun)} after the start`,
  )

  const [sources = []] = scene.sources
  const load = await scene.client.load(`http://${VIRTUAL_ADDRESS}/`, { sources, every: PACE })
  const play: Play = { scene, timeline, load, daemons }
  await load.answer(nowMillis())
  timeline.event(
    `steady load: a request every ${PACE} ms, each on a connection of its own, from ${sources.length} addresses in turn`,
  )
  await until('every real server was found well', () => allWell(daemons[0]), { every: 200 })
  timeline.event(`${green('✓')} the first checks are done: both real servers are well`)
  await watch(play, 2)

  await serverFailsAndReturns(play, scene.servers[1]!, stops[1]!)
  await masterIsKilled(play)
  await masterGoesDark(play)

  timeline.chapter('In all')
  const { answered, failed, byServer } = summary(load.requests)
  const shares = scene.servers.map(({ name }) => `${name} ${byServer.get(name) ?? 0}`).join(', ')
  timeline.event(`${answered} requests answered (${shares}), ${failed} failed`)
  await daemons[1].stop()
  const left = second.host.has(VIRTUAL_ADDRESS)
  timeline.event(
    !left ? `${second.host.name} is stopped and has left no address behind` : red('an address was left behind'),
  )
  scene.lab.close()
  if (left || answered === 0) exit(1)
}

const start = ({ host, configuration }: Director): Promise<Holdfastd> => host.holdfastd(configuration)

/** Shows the traffic, a line every two seconds or less. */
async function watch({ scene, timeline, load }: Play, length: number): Promise<void> {
  for (let left = length; left > 0; left -= 2) {
    const from = nowMillis()
    await millis(1000 * Math.min(left, 2))
    timeline.traffic(
      load.between(from),
      scene.servers.map(({ name }) => name),
    )
  }
}

/** Whether every real server was probed and is up. */
async function allWell(daemon: Holdfastd): Promise<boolean> {
  const { virtualServers } = await daemon.status()
  const realServers = virtualServers.flatMap((server) => server.realServers)
  return realServers.every(({ state, checkers }) => state === 'up' && checkers.every(({ lastProbe }) => lastProbe))
}

/** The master's forwarding table on a real server; undefined when it is not in there. */
async function destinationOf(daemon: Holdfastd, address: string): Promise<DestinationSnapshot | undefined> {
  const { forwarding } = await daemon.status()
  return forwarding?.services
    .flatMap(({ destinations }) => destinations)
    .find((destination) => destination.address === address)
}

/** Whether new connections go to it. */
const serves = async (daemon: Holdfastd, address: string): Promise<boolean> =>
  ((await destinationOf(daemon, address))?.weight ?? 0) > 0

async function serverFailsAndReturns(play: Play, server: WebServer, stop: () => Promise<void>): Promise<void> {
  const { timeline, load, daemons } = play
  const address = addressOf(server)
  timeline.chapter('A real server fails')
  const stopped = nowMillis()
  await stop()
  timeline.event(`${red('✗')} nginx on ${server.name} is stopped ${dim('(TCP_CHECK: every 3 s, 3 retries 3 s apart)')}`)
  const noticed = until(`${server.name} leaves the table`, async () => !(await serves(daemons[0], address)), {
    within: 40_000,
    every: 200,
  })
  await Promise.all([noticed, watchUntil(play, noticed)])
  timeline.event(
    `${yellow('●')} noticed ${seconds(nowMillis() - stopped)} after the stop: ${server.name} is out of the table; ${failures(load, stopped)}`,
  )
  await watch(play, 2)

  await server.start()
  const returned = nowMillis()
  timeline.event(`${green('✓')} nginx on ${server.name} runs again`)
  const back = until(`${server.name} is in the table`, () => serves(daemons[0], address), {
    within: 40_000,
    every: 200,
  })
  await watchUntil(play, back)
  timeline.event(`${green('●')} taken in again after ${seconds(nowMillis() - returned)}`)
  newClients(play, 1)
  const halfOpen = (await destinationOf(daemons[0], address))?.activeConnections ?? 0
  if (halfOpen > 100)
    for (const line of [
      `  wlc still counts ${halfOpen} half-open connections for ${server.name}: with direct routing the director sees`,
      '  the client ask, not the server refuse, and forgets after 60 s, as IPVS does',
    ])
      timeline.event(dim(line))
  await watch(play, 2)
}

/** Lets the next set of addresses ask: persistence keeps those before where they are. */
function newClients({ scene, timeline, load }: Play, set: number): void {
  const sources = scene.sources[set] ?? []
  load.comesFrom(sources)
  timeline.event(
    `${sources.length} new clients come ${dim('(persistence_timeout 50 keeps the others on their server)')}`,
  )
}

async function masterIsKilled(play: Play): Promise<void> {
  const { scene, timeline, daemons, load } = play
  const [first, second] = scene.directors
  timeline.chapter("The master's processes are killed")
  const killed = nowMillis()
  daemons[0].killAll()
  timeline.event(`${red('✗')} SIGKILL to every process of holdfastd on ${first.host.name}`)
  await second.host.holds(VIRTUAL_ADDRESS)
  timeline.event(
    `${green('●')} ${bold(`${second.host.name} is master`)}, ${seconds(nowMillis() - killed)} after the kill`,
  )
  await load.answer(nowMillis())
  await millis(1000)
  timeline.event(
    `the address was unreachable for ${bold(seconds(gap(load, killed)))}; ${failures(load, killed)} ${dim('(forwarding is in the kernel and outlives its daemon)')}`,
  )
  await watch(play, 2)

  const restarted = nowMillis()
  await daemons[0].restart()
  await first.host.holds(VIRTUAL_ADDRESS)
  await second.host.releases(VIRTUAL_ADDRESS)
  timeline.event(
    `${green('●')} ${first.host.name} is started again and, with its higher priority, master ${seconds(nowMillis() - restarted)} later`,
  )
  const holders = scene.directors.filter(({ host }) => host.has(VIRTUAL_ADDRESS)).map(({ host }) => host.name)
  timeline.event(`${failures(load, restarted)} meanwhile; the address is on ${holders.join(' and ')} only`)
}

async function masterGoesDark(play: Play): Promise<void> {
  const { scene, timeline, daemons, load } = play
  const [first, second] = scene.directors
  timeline.chapter("The master's host goes dark")
  newClients(play, 2)
  await watch(play, 2)
  const cut = nowMillis()
  daemons[0].killAll()
  first.host.cut()
  timeline.event(`${red('✗')} ${first.host.name} is killed and all its cables are cut, as when its power goes`)
  await second.host.holds(VIRTUAL_ADDRESS)
  timeline.event(
    `${green('●')} ${bold(`${second.host.name} is master`)}, ${seconds(nowMillis() - cut)} after the cut ${dim('(advert_int 1: 3 intervals and a skew)')}`,
  )
  await load.answer(nowMillis())
  await millis(1200)
  timeline.event(`the address was unreachable for ${bold(seconds(gap(load, cut)))}; ${failures(load, cut)}`)
  await watch(play, 2)
}

/** Shows the traffic until `done` settles. */
async function watchUntil(play: Play, done: Promise<unknown>): Promise<void> {
  let waiting = true
  const ended = done.finally(() => {
    waiting = false
  })
  const { timeline, load, scene } = play
  let from = nowMillis()
  while (waiting) {
    await Promise.race([ended, millis(2000)])
    if (!waiting) break
    timeline.traffic(
      load.between(from),
      scene.servers.map(({ name }) => name),
    )
    from = nowMillis()
  }
  await ended
}

/** The longest time without an answer that began or went on after `since`, in milliseconds. */
function gap(load: Load, since: number): number {
  const answers = load.requests
    .filter(({ status }) => status === 200)
    .map(({ at, ms }) => at + ms)
    .sort((a, b) => a - b)
  let longest = 0
  for (let i = 1; i < answers.length; i++)
    if (answers[i]! >= since) longest = Math.max(longest, answers[i]! - answers[i - 1]!)
  return longest
}

function failures(load: Load, since: number): string {
  const { answered, failed } = summary(load.between(since))
  return failed === 0 ? `none of ${answered} requests failed` : `${failed} of ${answered + failed} requests failed`
}

function addressOf({ host }: WebServer): string {
  return host.addresses()[0] ?? ''
}

await main()
// The lab's processes are ended; what they leave open here must not hold the demo up.
exit(0)
