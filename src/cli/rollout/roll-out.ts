import { spawn } from 'node:child_process'
import process from 'node:process'
import { fail, ok, type Result } from '../../base/index.ts'
import { endpoint } from '../../model/index.ts'
import type { DaemonSnapshot, RealServerSnapshot } from '../../observe/index.ts'
import { askDaemon, complain } from '../daemon-request.ts'
import { duration } from '../journal/index.ts'
import { whoAsks } from '../who-asks.ts'

export type RolloutOptions = {
  readonly service: string
  /** For /bin/sh; `{server}` is the address, `{port}` the port. */
  readonly command: string
  /** For connections to end; what is left then is cut. */
  readonly deadline: string
  /** For checks to pass after the command. */
  readonly checkTimeout: string
  readonly pause: string
  readonly dryRun?: true
  readonly runDir: string
}

type Times = { readonly deadline: number; readonly checkTimeout: number; readonly pause: number }

/** Between two looks at the checks. */
const LOOK_MS = 200

/** The exit code: 0 all of them; 1 it ended at one; 2 it did not begin. */
export async function rollOut(options: RolloutOptions): Promise<number> {
  const times = timesOf(options)
  if (!times.ok) return refuse(times.error)
  const known = await serversOf(options)
  if (!known.ok) return refuse(known.error)
  if (options.dryRun) {
    process.stdout.write(planText(options, known.value))
    return 0
  }
  const servers = await firstResults(known.value, options, times.value.checkTimeout)
  if (!servers.ok) return refuse(servers.error)
  const names = servers.value.map(endpoint)
  const down = servers.value.filter(({ state, orders }) => state !== 'up' || orders !== undefined)
  if (down.length > 0)
    return refuse(`${down.map(endpoint).join(', ')}: not in service; nothing is taken out while others are`)
  if (names.length < 2) return refuse(`${names[0]} is the only real server: taking it out would end the service`)

  for (const [index, server] of servers.value.entries()) {
    const name = endpoint(server)
    tell(`${name} (${index + 1} of ${names.length})`)
    const done = await renew(server, options, times.value)
    if (!done.ok) {
      tell(`  ${done.error}`)
      tell(
        `stopped; ${name} is left out, ${names.length - 1} others are in service. When it is well: holdfast undrain ${name}`,
      )
      return 1
    }
    if (index < names.length - 1) await wait(times.value.pause)
  }
  tell(`${names.length} real servers done`)
  return 0
}

function timesOf(options: RolloutOptions): Result<Times, string> {
  const [deadline, checkTimeout, pause] = [options.deadline, options.checkTimeout, options.pause].map((text) =>
    text === '0' ? ok(0) : duration(text),
  ) as [Result<number, string>, Result<number, string>, Result<number, string>]
  for (const length of [deadline, checkTimeout, pause]) if (!length.ok) return length
  return deadline.ok && checkTimeout.ok && pause.ok
    ? ok({ deadline: deadline.value, checkTimeout: checkTimeout.value, pause: pause.value })
    : fail('times')
}

/** One server, from in service to in service. */
async function renew(server: RealServerSnapshot, options: RolloutOptions, times: Times): Promise<Result<void, string>> {
  const name = endpoint(server)
  const drained = await order(options.runDir, {
    request: 'drain',
    servers: [name],
    by: whoAsks(),
    reason: 'rollout',
    wait: true,
    deadline: times.deadline,
  })
  if (!drained.ok) return drained
  for (const line of drained.value) tell(`  ${line}`)

  const status = await run(
    options.command.replaceAll('{server}', server.address).replaceAll('{port}', String(server.port)),
  )
  if (status !== 0) return fail(`the command ended with ${status}`)
  tell('  the command ended well')

  const passed = await checksPass(server, options, Date.now(), times.checkTimeout)
  if (!passed.ok) return passed
  tell('  its checks pass')
  const back = await order(options.runDir, { request: 'undrain', servers: [name], by: whoAsks() })
  return back.ok ? ok(undefined) : back
}

async function order(runDir: string, request: unknown): Promise<Result<readonly string[], string>> {
  let told: readonly string[] = []
  const asked = await askDaemon(
    runDir,
    request,
    (answer) => {
      told = answer['told'] as readonly string[]
      return 'enough'
    },
    2_147_483_647,
  )
  return asked.ok ? ok(told) : asked
}

const isUnknown = ({ state, orders }: RealServerSnapshot): boolean => state === 'unknown' && orders === undefined

/** As they are when every checker has asked once, which after a start takes a moment; or when patience (ms) is over. */
async function firstResults(
  known: readonly RealServerSnapshot[],
  options: RolloutOptions,
  patience: number,
): Promise<Result<readonly RealServerSnapshot[], string>> {
  const began = Date.now()
  let servers = known
  if (servers.some(isUnknown)) tell(`${servers.filter(isUnknown).map(endpoint).join(', ')}: not checked yet; waiting`)
  while (servers.some(isUnknown) && Date.now() - began < patience) {
    await wait(LOOK_MS)
    const seen = await serversOf(options)
    if (!seen.ok) return seen
    servers = seen.value
  }
  return ok(servers)
}

/** Every checker has asked after the command, and all are content. */
async function checksPass(
  server: RealServerSnapshot,
  options: RolloutOptions,
  since: number,
  patience: number,
): Promise<Result<void, string>> {
  let detail = 'its checks have not asked yet'
  while (Date.now() - since < patience) {
    const servers = await serversOf(options)
    if (!servers.ok) return servers
    const shown = servers.value.find((candidate) => endpoint(candidate) === endpoint(server))
    if (shown === undefined) return fail('it is no longer in the configuration')
    const asked = shown.checkers.every(
      ({ kind, lastProbe }) => kind === 'bfd' || (lastProbe !== undefined && Date.parse(lastProbe) >= since),
    )
    if (asked && shown.state === 'up') return ok(undefined)
    detail = shown.reason ?? shown.checkers.find(({ up }) => !up)?.detail ?? detail
    await wait(LOOK_MS)
  }
  return fail(`its checks do not pass: ${detail}`)
}

async function serversOf({ service, runDir }: RolloutOptions): Promise<Result<readonly RealServerSnapshot[], string>> {
  let snapshot: DaemonSnapshot | undefined
  const asked = await askDaemon(runDir, { request: 'status' }, (answer) => {
    snapshot = answer['snapshot'] as DaemonSnapshot
    return 'enough'
  })
  if (!asked.ok) return asked
  const named = snapshot?.virtualServers.find(({ key, group }) =>
    [key, ...(group?.others ?? []), group?.name].some((name) => name === service || name?.split('/')[1] === service),
  )
  if (named !== undefined) return ok(named.realServers)
  const known = snapshot?.virtualServers.map(({ key }) => key.split('/')[1] ?? key).join(', ')
  return fail(`${service}: no such service; there ${known === '' ? 'is none' : `are ${known}`}`)
}

function planText({ command, deadline, checkTimeout }: RolloutOptions, servers: readonly RealServerSnapshot[]): string {
  return servers
    .map(
      (server, index) =>
        `${index + 1}. ${endpoint(server)} (${server.orders === undefined ? server.state : 'out by order'}, weight ${server.weight})
   drain, and wait up to ${deadline} for its connections
   ${command.replaceAll('{server}', server.address).replaceAll('{port}', String(server.port))}
   wait up to ${checkTimeout} for its checks, and back in service\n`,
    )
    .join('')
}

/** Its output is ours. */
const run = (command: string): Promise<number | string> =>
  new Promise((done) => {
    const child = spawn('/bin/sh', ['-c', command], { stdio: ['ignore', 'inherit', 'inherit'] })
    child.on('error', ({ message }) => done(message))
    child.on('exit', (status, signal) => done(signal ?? status ?? 0))
  })

const wait = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds))

const tell = (line: string): void => void process.stdout.write(`${line}\n`)

function refuse(sentence: string): 2 {
  complain(sentence)
  return 2
}
