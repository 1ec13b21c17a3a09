import process from 'node:process'
import { fail, ok, type Result } from '../../base/index.ts'
import { endpoint } from '../../model/index.ts'
import {
  faultsOnRealServer,
  faultText,
  type RealServerFault,
  type WantedOnRealServer,
  wantedOnRealServer,
} from '../../proto/real-server/index.ts'
import { makeDirectory } from '../../sys/files/index.ts'
import { openRouteClient, openRouteMonitor, type RouteClient } from '../../sys/netlink/index.ts'
import { openServiceManager } from '../../sys/notify/index.ts'
import { onSignals } from '../../sys/process/index.ts'
import { mend, observeHost, undo } from './host.ts'
import { listensAt } from './listeners.ts'
import { nothingChanged, type RealServerMemory, recall, remember } from './memory.ts'
import { type Duties, dutiesOf, type RealServerOptions } from './sources.ts'

export type RealServerAction = 'up' | 'down' | 'status' | 'check'

/** Settings are not told of when they change. */
const LOOK_EVERY_MS = 1000

/** The exit code: 0 all as it should be; 1 something is not, or could not be done; 2 not understood. */
export async function runRealServer(
  action: RealServerAction,
  words: readonly string[],
  options: RealServerOptions,
): Promise<number> {
  const opened = openRouteClient()
  if (!opened.ok) return complain(opened.error.message, 1)
  const client = opened.value
  const memory = recall(options.stateDir)
  if (memory === undefined)
    return complain(
      `${options.stateDir}/realserver.json cannot be understood; remove it when nothing of it is needed`,
      1,
    )
  if (action === 'down') return down(client, memory, options.stateDir)

  const bare = words.length === 0 && options.config === undefined
  const named = bare && action !== 'up' ? memory.addresses : words
  if (bare && action !== 'up' && memory.addresses.length === 0)
    return complain('nothing was put up here; name virtual addresses, or --config FILE', 2)
  const duties = find(client, named, options)
  if (!duties.ok) return complain(duties.error, 2)
  if (action === 'status') return status(client, duties.value, options)
  if (action === 'check') return check(client, duties.value)
  const keeper = openKeeper(client, duties.value, options.stateDir, memory)
  if (!keeper.ok) return complain(keeper.error, 1)
  const left = keeper.value.repair()
  if (options.watch === undefined) return left === 0 ? 0 : 1
  return watch(client, keeper.value, options.stateDir, () => find(client, named, options))
}

function find(client: RouteClient, words: readonly string[], options: RealServerOptions): Result<Duties, string> {
  const addresses = client.addresses()
  const links = client.links()
  if (!addresses.ok) return fail(addresses.error.message)
  if (!links.ok) return fail(links.error.message)
  const loopbacks = new Set(links.value.filter(({ loopback }) => loopback).map(({ index }) => index))
  const own = addresses.value.filter(({ interfaceIndex }) => !loopbacks.has(interfaceIndex))
  return dutiesOf(words, options, new Set(own.map(({ address }) => address)))
}

const wantedOf = ({ addresses, arrivals }: Duties): WantedOnRealServer => wantedOnRealServer(addresses, arrivals)

function faultsNow(client: RouteClient, wanted: WantedOnRealServer): Result<readonly RealServerFault[], string> {
  const host = observeHost(client, wanted)
  return host.ok ? ok(faultsOnRealServer(wanted, host.value)) : host
}

/** The index of lo. */
function loopbackOf(client: RouteClient): Result<number, string> {
  const links = client.links()
  if (!links.ok) return fail(links.error.message)
  const lo = links.value.find(({ loopback, name }) => loopback && name === 'lo')
  return lo === undefined ? fail('this host has no interface lo') : ok(lo.index)
}

/** What keeps a host as it should be. */
type Keeper = {
  /** Mends what it can and tells what it did; how much is left. */
  repair(): number
  /** Other duties from here on: what is needed no longer is taken back. */
  follow(duties: Duties): void
}

function openKeeper(
  client: RouteClient,
  duties: Duties,
  directory: string,
  memoryAtStart: RealServerMemory,
): Result<Keeper, string> {
  const found = loopbackOf(client)
  if (!found.ok) return found
  const loopback = found.value
  makeDirectory(directory)
  let wanted = wantedOf(duties)
  let memory = memoryAtStart
  /** What could not be mended is told once. */
  const told = new Set<string>()

  function save(next: RealServerMemory): void {
    memory = next
    const complaint = remember(directory, memory)
    if (complaint !== undefined) tellOnce(`what was there before is not kept: ${complaint}`)
  }

  function tellOnce(sentence: string): void {
    if (told.has(sentence)) return
    told.add(sentence)
    process.stderr.write(`${sentence}\n`)
  }

  function repair(): number {
    // A setting of an interface exists only when the interface does: a second look finds it.
    for (let turn = 0; turn < 2; turn++) {
      const faults = faultsNow(client, wanted)
      if (!faults.ok) {
        tellOnce(faults.error)
        return 1
      }
      let failed = 0
      for (const fault of faults.value) {
        const { finding, mend: advice } = faultText(fault)
        const done = mend(client, loopback, fault)
        if (done.ok) {
          save(done.value(memory))
          process.stdout.write(`${finding}: mended\n`)
          told.delete(finding)
        } else {
          failed++
          tellOnce(done.error === '' ? `${finding}; ${advice}` : `${finding}: ${done.error}`)
        }
      }
      if (failed > 0) return failed
      if (faults.value.length === 0) return 0
    }
    return 0
  }

  return ok({
    repair,
    follow(next) {
      wanted = wantedOf(next)
      const dropped = memory.addresses.filter((address) => !wanted.addresses.includes(address))
      for (const sentence of undo(client, loopback, { ...nothingChanged, addresses: dropped })) tellOnce(sentence)
      save({ ...memory, addresses: memory.addresses.filter((address) => !dropped.includes(address)) })
      for (const address of dropped) process.stdout.write(`${address} taken from lo\n`)
    },
  })
}

/** Stays until it is told to end, and then takes all back; killed, it leaves everything as it is. */
function watch(
  client: RouteClient,
  keeper: Keeper,
  directory: string,
  read: () => Result<Duties, string>,
): Promise<number> {
  return new Promise((done) => {
    const monitor = openRouteMonitor({
      groups: ['link', 'address'],
      onEvent() {
        keeper.repair()
      },
    })
    if (!monitor.ok) return done(complain(monitor.error.message, 1))
    const looking = setInterval(() => keeper.repair(), LOOK_EVERY_MS)
    const notify = openServiceManager()
    const end = (): void => {
      clearInterval(looking)
      monitor.value.close()
      done(down(client, recall(directory) ?? nothingChanged, directory))
    }
    onSignals({
      SIGINT: end,
      SIGTERM: end,
      SIGHUP() {
        const duties = read()
        if (!duties.ok) return void complain(`${duties.error}; all stays as it was`, 1)
        keeper.follow(duties.value)
        keeper.repair()
      },
    })
    // What changed before the monitor listened.
    keeper.repair()
    notify('READY=1')
  })
}

function down(client: RouteClient, memory: RealServerMemory, directory: string): number {
  const loopback = loopbackOf(client)
  if (!loopback.ok) return complain(loopback.error, 1)
  const complaints = undo(client, loopback.value, memory)
  for (const sentence of complaints) complain(sentence, 1)
  for (const address of memory.addresses) process.stdout.write(`${address} taken from lo\n`)
  for (const [path, value] of Object.entries(memory.settings))
    process.stdout.write(`${path.replaceAll('/', '.')} is ${value} again\n`)
  const kept = remember(directory, nothingChanged)
  if (kept !== undefined) complain(kept, 1)
  return complaints.length === 0 ? 0 : 1
}

function status(client: RouteClient, duties: Duties, { json }: RealServerOptions): number {
  const faults = faultsNow(client, wantedOf(duties))
  if (!faults.ok) return complain(faults.error, 1)
  const missing = new Set(faults.value.flatMap((fault) => (fault.type === 'address-missing' ? [fault.address] : [])))
  if (json) {
    const findings = faults.value.map((fault) => ({ type: fault.type, ...faultText(fault) }))
    const addresses = duties.addresses.map((address) => ({ address, onLoopback: !missing.has(address) }))
    process.stdout.write(`${JSON.stringify({ addresses, findings }, undefined, 2)}\n`)
    return findings.length === 0 ? 0 : 1
  }
  for (const address of duties.addresses)
    process.stdout.write(`${address}  ${missing.has(address) ? 'not here' : 'on lo'}\n`)
  const rest = faults.value.filter(({ type }) => type !== 'address-missing')
  for (const fault of rest) process.stdout.write(`${faultText(fault).finding}\n`)
  return faults.value.length === 0 ? 0 : 1
}

/** Also whether anybody listens; changes nothing. */
function check(client: RouteClient, duties: Duties): number {
  const faults = faultsNow(client, wantedOf(duties))
  if (!faults.ok) return complain(faults.error, 1)
  const deaf = duties.ports
    .filter(({ address, port }) => !listensAt(address, port))
    .map((place) => ({
      finding: `nothing listens at ${endpoint(place)}`,
      why: 'connections that the director hands on are refused',
      mend: 'have the service listen at the virtual address, or at all addresses',
    }))
  const findings = [...faults.value.map(faultText), ...deaf]
  for (const { finding, why, mend: advice } of findings) process.stdout.write(`${finding}\n    ${why}\n    ${advice}\n`)
  if (findings.length === 0) process.stdout.write(`${duties.addresses.join(', ')}: all as it should be\n`)
  return findings.length === 0 ? 0 : 1
}

function complain<Code extends number>(sentence: string, exitCode: Code): Code {
  process.stderr.write(`${sentence}\n`)
  return exitCode
}
