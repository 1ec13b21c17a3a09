import { fail, ok, type Result, seconds } from '../../base/index.ts'
import type { Command, Configuration } from '../../model/index.ts'
import { type DaemonSnapshot, dumpText, statisticsText } from '../../observe/index.ts'
import type { RoleName } from '../ipc/index.ts'
import { serveControl } from './control.ts'
import { keepHealth } from './kept-health.ts'
import type { SupervisorOptions } from './options.ts'
import type { LoadedConfiguration, SupervisorPorts } from './ports.ts'
import { isEmpty, reloadVerdict } from './reload-verdict.ts'
import { exitText } from './role-keeper.ts'
import { createRoles } from './roles.ts'
import { scriptIdentity } from './script-identity.ts'
import { createScriptRunner } from './script-runner.ts'
import { forwardingSlice, offersFor, type Slices, slicesOf } from './slices.ts'
import { runToEnd } from './start-script.ts'

/** Why the daemon does not start, and the exit code that says so (keepalived's: 1 fatal, 2 configuration, 6 no file). */
export type StartFailure = { readonly exitCode: 1 | 2 | 6; readonly message: string }

export type Supervisor = {
  /** One reload at a time; a call during one is answered by the next. The failure is why nothing has changed. */
  reload(): Promise<Result<void, string>>
  stop(): Promise<void>
  snapshot(): Promise<DaemonSnapshot>
  /** Writes what SIGUSR1 asks for; the path. */
  dump(): Promise<Result<string, string>>
  /** Writes what SIGUSR2 asks for; the path. */
  dumpStatistics(): Promise<Result<string, string>>
  /** The exit code, once everything has ended. */
  readonly done: Promise<number>
}

const noConfiguration = 'no configuration that could be used'
const appliedLimit = seconds(5)
const scriptLimit = seconds(1)
const startScriptLimit = seconds(10)

/**
 * Starts the daemon: one configuration, the roles it needs, the control socket. Resolves when every role serves, or
 * with the reason why nothing runs.
 */
export async function startSupervisor(
  ports: SupervisorPorts,
  options: SupervisorOptions,
): Promise<Result<Supervisor, StartFailure>> {
  const { log } = ports
  const startedAt = new Date(ports.clock.wall()).toISOString()

  const locked = ports.lockRunDirectory()
  if (!locked.ok) return fail({ exitCode: 1, message: locked.error.message })

  const first = ports.loadConfiguration()
  logComplaints(first)
  if (first.configuration === undefined) return fail({ exitCode: 6, message: firstError(first) ?? noConfiguration })
  if (isEmpty(first.configuration)) {
    const nothing = `${options.configurationFile}: nothing to run: no usable vrrp_instance or virtual_server`
    return fail({
      exitCode: 2,
      message: firstError(first) === undefined ? nothing : `${nothing}; ${firstError(first)}`,
    })
  }

  let model = first.configuration
  let loadedAt = startedAt
  let lastReloadError: string | undefined
  let revision = 0
  let control: { close(): void } | undefined
  let stopping: Promise<void> | undefined
  let reloading: Promise<Result<void, string>> | undefined
  let queued: Promise<Result<void, string>> | undefined
  let resolveDone: (code: number) => void = () => {}
  const done = new Promise<number>((resolve) => {
    resolveDone = resolve
  })

  const asScriptUser = (command: Command) => scriptIdentity(command, model.global, ports)
  const scripts = createScriptRunner(ports, log, asScriptUser)
  const health = keepHealth(ports, `${options.runDirectory}/health.json`)
  const roles = createRoles(ports, options, scripts, health.known, {
    model: () => model,
    onFatalDeath(role, exit) {
      log.error('a role ended and is not started again (-R)', { role, exit: exitText(exit) })
      // Before the start is done its failure is the start's.
      if (control !== undefined) void stop(1)
    },
    onHealth: () => health.changed(roles.health()),
  })

  if (options.dumpConfiguration) log.info('configuration', { model: JSON.stringify(withoutSecrets(model)) })
  const { startupScript } = model.global
  if (startupScript !== undefined) await runToEnd(ports, startupScript, asScriptUser, startScriptLimit)

  const started = await change(model)
  if (!started.ok) {
    await stopRoles(false)
    return fail({ exitCode: 1, message: started.error })
  }
  const listening = await serveControl(ports, `${options.runDirectory}/control.sock`, {
    snapshot,
    reload,
    dump,
    stop: () => void stop(0),
  })
  if (!listening.ok) {
    await stopRoles(false)
    return fail({ exitCode: 1, message: listening.error.message })
  }
  control = listening.value
  const pidWritten = ports.replaceText(options.pidFile, `${ports.pid}\n`)
  if (!pidWritten.ok) log.warn('pid file cannot be written', { reason: pidWritten.error.message })
  await clearLeftForwarding()
  ports.notifyServiceManager(`READY=1\n${statusLine()}`)
  log.info('running', { version: options.version, configuration: options.configurationFile, pid: ports.pid })

  /** Offers the configuration to every role concerned; all take it, or none. */
  async function change(to: Configuration): Promise<Result<void, string>> {
    const number = ++revision
    const needed = slicesOf(to, options)
    const running = runningRoles()
    const offers = offersFor(to, options, running)
    const answers = await Promise.all([
      offers.forwarding === undefined ? ok(undefined) : roles.forwarding.ask(number, offers.forwarding),
      offers.vrrp === undefined ? ok(undefined) : roles.vrrp.ask(number, offers.vrrp),
      offers.checker === undefined ? ok(undefined) : roles.checker.ask(number, offers.checker),
    ])
    if (stopping !== undefined) return fail('the daemon is stopping')
    const refusal = answers.find((answer) => !answer.ok)
    if (refusal !== undefined && !refusal.ok) {
      if (offers.forwarding !== undefined) roles.forwarding.withdraw(number)
      if (offers.vrrp !== undefined) roles.vrrp.withdraw(number)
      if (offers.checker !== undefined) roles.checker.withdraw(number)
      return refusal
    }
    roles.adopt(model, to)
    model = to
    // The table's keeper first: the checker's first word after its commit is what the table is to hold.
    if (offers.forwarding !== undefined) roles.forwarding.commit(number, offers.forwarding)
    if (offers.vrrp !== undefined) roles.vrrp.commit(number, offers.vrrp)
    if (offers.checker !== undefined) roles.checker.commit(number, offers.checker)
    await endIdle(needed, running)
    return ok(undefined)
  }

  function runningRoles(): Readonly<Record<RoleName, boolean>> {
    const runs = (role: RoleName) => roles[role].describe().state !== 'stopped'
    return { vrrp: runs('vrrp'), checker: runs('checker'), forwarding: runs('forwarding') }
  }

  async function endIdle(needed: Slices, running: Readonly<Record<RoleName, boolean>>): Promise<void> {
    for (const role of ['vrrp', 'checker', 'forwarding'] as const) {
      if (needed[role] !== undefined || !running[role]) continue
      await roles[role].applied(appliedLimit)
      await roles[role].stop(false, model.global.childWaitTime)
    }
  }

  /** What an earlier daemon left in the kernel for virtual servers that are not configured any more. */
  async function clearLeftForwarding(): Promise<void> {
    if (!options.checkers || model.virtualServers.length > 0 || !ports.pinsExist()) return
    log.info('removing the forwarding table of an earlier run')
    const number = ++revision
    const slice = { ...forwardingSlice(model, options), flush: true }
    const ready = await roles.forwarding.ask(number, slice)
    if (!ready.ok) {
      roles.forwarding.withdraw(number)
      return log.warn('the forwarding table of an earlier run stays', { reason: ready.error })
    }
    roles.forwarding.commit(number, slice)
    roles.forwarding.send({ type: 'services-wanted', order: 0, complete: true, services: [] })
    await roles.forwarding.stop(false, model.global.childWaitTime)
  }

  function reload(): Promise<Result<void, string>> {
    if (reloading === undefined) {
      reloading = reloadOnce().finally(() => {
        reloading = undefined
      })
      return reloading
    }
    queued ??= reloading.then(() => {
      queued = undefined
      return reload()
    })
    return queued
  }

  async function reloadOnce(): Promise<Result<void, string>> {
    if (stopping !== undefined) return fail('the daemon is stopping')
    ports.notifyServiceManager(`RELOADING=1\nMONOTONIC_USEC=${ports.clock.now()}`)
    log.info('reloading', { configuration: options.configurationFile })
    const loaded = ports.loadConfiguration()
    logComplaints(loaded)
    const verdict = reloadVerdict(loaded)
    const result = verdict.ok ? await change(verdict.value) : verdict
    if (result.ok) {
      lastReloadError = undefined
      loadedAt = new Date(ports.clock.wall()).toISOString()
      health.changed(roles.health())
      log.info('reloaded')
    } else {
      lastReloadError = result.error
      log.error('reload refused; what runs goes on unchanged', { reason: result.error })
    }
    ports.notifyServiceManager(`READY=1\n${statusLine()}`)
    return result.ok ? ok(undefined) : result
  }

  async function snapshot(): Promise<DaemonSnapshot> {
    const [virtualRouters, virtualServers, forwarding] = await Promise.all([
      roles.vrrp.snapshot(),
      roles.checker.snapshot(),
      roles.forwarding.snapshot(),
    ])
    return {
      version: options.version,
      pid: ports.pid,
      startedAt,
      configurationFile: options.configurationFile,
      configurationLoadedAt: loadedAt,
      ...(lastReloadError === undefined ? {} : { lastReloadError }),
      roles: [roles.vrrp.describe(), roles.checker.describe(), roles.forwarding.describe()],
      virtualRouters: virtualRouters ?? [],
      virtualServers: virtualServers ?? [],
      ...(forwarding === undefined ? {} : { forwarding }),
    }
  }

  async function dump(): Promise<Result<string, string>> {
    const path = model.global.stateDumpFile ?? `${options.dumpDirectory}/keepalived.data`
    return write(path, dumpText(await snapshot(), withoutSecrets(model)))
  }

  async function dumpStatistics(): Promise<Result<string, string>> {
    return write(`${options.dumpDirectory}/keepalived.stats`, statisticsText((await snapshot()).virtualRouters))
  }

  function write(path: string, text: string): Result<string, string> {
    const written = ports.replaceText(path, text)
    if (written.ok) return ok(path)
    log.error('dump cannot be written', { reason: written.error.message })
    return fail(written.error.message)
  }

  function stop(exitCode: number): Promise<void> {
    stopping ??= stopOnce(exitCode)
    return stopping
  }

  async function stopOnce(exitCode: number): Promise<void> {
    ports.notifyServiceManager('STOPPING=1\nSTATUS=stopping')
    log.info('stopping')
    roles.runStopNotifications()
    await stopRoles(true)
    await scripts.finish(scriptLimit)
    const { shutdownScript } = model.global
    if (shutdownScript !== undefined) await runToEnd(ports, shutdownScript, asScriptUser, startScriptLimit)
    health.remove()
    control?.close()
    for (const file of [options.pidFile, options.vrrpPidFile, options.checkerPidFile]) {
      if (file !== undefined) ports.removeFile(file)
    }
    log.info('stopped')
    resolveDone(exitCode)
  }

  /** Addresses first: while they are here, traffic comes that only a table in place can serve. */
  async function stopRoles(mayLeave: boolean): Promise<void> {
    const patience = model.global.childWaitTime
    await roles.vrrp.stop(mayLeave && options.keepAddresses, patience)
    await Promise.all([
      roles.checker.stop(false, patience),
      roles.forwarding.stop(mayLeave && options.keepForwarding, patience),
    ])
  }

  function logComplaints(loaded: LoadedConfiguration): void {
    for (const { severity, text } of loaded.complaints) {
      if (severity === 'error') log.error(text)
      else log.warn(text)
    }
  }

  function statusLine(): string {
    const refused = lastReloadError === undefined ? '' : '; the last reload was refused'
    return `STATUS=${model.virtualRouters.length} virtual routers, ${model.virtualServers.length} virtual servers${refused}`
  }

  return ok({ reload, stop: () => stop(0), snapshot, dump, dumpStatistics, done })
}

const firstError = (loaded: LoadedConfiguration): string | undefined =>
  loaded.complaints.find(({ severity }) => severity === 'error')?.text

/** The model as it may be shown: passwords replaced by asterisks, as keepalived's dumps have them. */
function withoutSecrets(model: Configuration): Configuration {
  return {
    ...model,
    virtualRouters: model.virtualRouters.map((router) =>
      router.authentication === undefined
        ? router
        : { ...router, authentication: { ...router.authentication, password: '********' } },
    ),
  }
}
