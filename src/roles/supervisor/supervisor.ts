import { fail, ok, type Result, seconds } from '../../base/index.ts'
import { withUnchanged } from '../../config/index.ts'
import {
  type Command,
  type Configuration,
  hasStatics,
  type StaticItems,
  USUAL_SCRIPT_LIMIT,
  type VirtualRouter,
} from '../../model/index.ts'
import { createChanger } from './change.ts'
import { serveControl } from './control.ts'
import { openJournal } from './journal.ts'
import { keepHealth } from './kept-health.ts'
import { type Leaver, placeOf, removedServers, stillLeaving, whoReturns, withLeavers } from './leavers.ts'
import { createListedServers, listingIn } from './listed-servers.ts'
import { createNotifier } from './notifier.ts'
import type { SupervisorOptions } from './options.ts'
import type { Complaint, SupervisorPorts } from './ports.ts'
import { planReload } from './reload-plan.ts'
import { createReloadTimer } from './reload-time.ts'
import { isEmpty, reloadVerdict } from './reload-verdict.ts'
import { inTurn, oneAtATime, type Reload, type ReloadOptions } from './reloads.ts'
import { createReports, type Reports, withoutSecrets } from './reports.ts'
import { exitText } from './role-keeper.ts'
import { createRoles, type Roles } from './roles.ts'
import { scriptIdentity } from './script-identity.ts'
import { runToEnd } from './start-script.ts'
import { createTrackers } from './trackers.ts'

/** Why the daemon does not start, and the exit code that says so (keepalived's: 1 fatal, 2 configuration, 6 no file). */
export type StartFailure = { readonly exitCode: 1 | 2 | 6; readonly message: string }

export type Supervisor = {
  /** One reload at a time; a call during one is answered by the next. The failure is why nothing has changed. */
  readonly reload: Reload
  /** In order; a second call waits for no other router any more. */
  stop(): Promise<void>
  readonly reports: Reports
  /** The exit code, once everything has ended. */
  readonly done: Promise<number>
}

const noConfiguration = 'no configuration that could be used'
/** At a stop: as long as scripts have at any other time, and for FIFOs and mail. */
const lastWordsLimits = { scripts: seconds(5), others: seconds(1) }
/** For writers of configuration files, whoever they are (keepalived). */
const MARKER_MODE = 0o644
/** For what a reload changes to have changed. */
const appliedLimit = seconds(5)

/**
 * Starts the daemon: one configuration, the roles it needs, the control socket. Resolves when every role serves, or
 * with the reason why nothing runs.
 */
export async function startSupervisor(
  world: SupervisorPorts,
  options: SupervisorOptions,
): Promise<Result<Supervisor, StartFailure>> {
  const startedAt = new Date(world.clock.wall()).toISOString()

  const locked = world.lockRunDirectory()
  if (!locked.ok) return fail({ exitCode: 1, message: locked.error.message })
  const journal = openJournal(world, `${options.runDirectory}/journal`)
  const { log } = journal
  const ports = { ...world, log }

  const loaded = loadInItsNamespace()
  if (!loaded.ok) return loaded
  const first = loaded.value
  const { configuration } = first
  if (configuration === undefined || isEmpty(configuration)) {
    const reason = first.complaints.find(({ severity }) => severity === 'error')
    // The reason stands in the last sentence, and there alone.
    logComplaints(first.complaints.filter((complaint) => complaint !== reason))
    if (configuration === undefined) return fail({ exitCode: 6, message: reason?.text ?? noConfiguration })
    const nothing = `${options.configurationFile}: nothing to run: no usable vrrp_instance, virtual_server or bfd_instance`
    return fail({ exitCode: 2, message: reason === undefined ? nothing : `${nothing}; ${reason.text}` })
  }
  logComplaints(first.complaints)
  const errors = first.complaints.filter(({ severity }) => severity === 'error')
  if (options.strict && errors[0] !== undefined)
    return fail({ exitCode: 6, message: `--strict: ${errors.length} errors, the first: ${errors[0].text}` })
  const { instance } = configuration.global.daemon ?? {}
  if (instance !== undefined) ports.nameInstance(instance)
  const named = instance === undefined ? '' : `_${instance}`
  const pidFile = options.pidFile ?? `${options.runDirectory}/holdfastd${named}.pid`

  /** As the file has it. */
  let written = configuration
  /** With the servers that lists name; in force is the model, which also has what is still leaving. */
  let configured = configuration
  let leavers: readonly Leaver[] = []
  const listed = createListedServers(ports, `${options.runDirectory}/listed-servers.json`, (titles) =>
    changes(() => follow(titles)),
  )
  let model = configuration
  let loadedAt = startedAt
  let copies = 0
  let lastReloadError: string | undefined
  let control: { close(): void } | undefined
  let stopping: Promise<void> | undefined
  let resolveDone: (code: number) => void = () => {}
  const done = new Promise<number>((resolve) => {
    resolveDone = resolve
  })

  const asScriptUser = (command: Command) => scriptIdentity(command, model.global, ports)
  const notifier = createNotifier(ports, log, asScriptUser)
  const health = keepHealth(ports, `${options.runDirectory}/health.json`, () => roles.health())
  const roles: Roles = createRoles(ports, options, notifier, health.known, {
    model: () => model,
    onFatalDeath(role, exit) {
      log.error('a role ended and is not started again (-R)', { role, exit: exitText(exit) })
      // Before the start is done its failure is the start's.
      if (control !== undefined) void stop(1)
    },
    onForsaken: (routers) => void clearLeftAddresses(routers, undefined),
    onHealth: health.changed,
    onName: listed.heard,
    onLeft: () => void changes(recompose),
    identify: asScriptUser,
    observed: () => trackers.observed(),
    journal,
  })
  const trackers = createTrackers(ports, asScriptUser, (observed) => roles.tellObserved(observed))
  const changer = createChanger(ports, options, roles, () => stopping !== undefined)
  const changes = inTurn()
  const reload = oneAtATime((wanted) => changes(() => reloadOnce(wanted)))
  const reloadTimer = createReloadTimer(ports, () => void reload())
  const reports = createReports(ports, options, roles, asScriptUser, () => ({
    startedAt,
    loadedAt,
    ...(lastReloadError === undefined ? {} : { lastReloadError }),
    deliveries: notifier.deliveries(),
    scripts: trackers.ran(),
    processes: trackers.counted(),
    serverSources: listed.describe(),
    model,
  }))

  if (options.dumpConfiguration) log.info('configuration', { model: JSON.stringify(withoutSecrets(model)) })
  const { startupScript, startupScriptTimeout = USUAL_SCRIPT_LIMIT } = model.global
  if (startupScript !== undefined) await runToEnd(ports, startupScript, asScriptUser, startupScriptTimeout)

  ports.applySettings(model.global.daemon ?? {})
  // Of a daemon that was killed while it read.
  const marker = markerOf(model)
  if (marker !== undefined) ports.removeFile(marker)
  configured = listed.expand(written)
  model = configured
  const started = await changes(() => change(undefined, model, written))
  if (!started.ok) {
    await stopRoles(false)
    return fail({ exitCode: 1, message: started.error })
  }
  keepCopy(first.text)
  const listening = await serveControl(ports, `${options.runDirectory}/control.sock`, {
    snapshot: reports.snapshotText,
    reload,
    dump: reports.dump,
    orders: roles.orders,
    serverOrders: roles.serverOrders,
    plan: (file) => planReload(ports, options.configurationFile, file, written, reports.virtualRouters),
    journal,
    stop: () => void stop(0),
    askForwarding: roles.askForwarding,
    backend: options.backend,
  })
  if (!listening.ok) {
    await stopRoles(false)
    return fail({ exitCode: 1, message: listening.error.message })
  }
  control = listening.value
  // Its pid file is still there: the daemon before us did not end in order.
  const afterDeath = ports.readText(pidFile).ok
  const pidWritten = ports.replaceText(pidFile, `${ports.pid}\n`)
  if (!pidWritten.ok) log.warn('pid file cannot be written', { reason: pidWritten.error.message })
  await changer.clearLeftForwarding(model)
  // With virtual routers their role looks after that.
  if (afterDeath && model.virtualRouters.length === 0 && model.statics === undefined)
    await clearLeftAddresses(undefined, undefined)
  ports.notifyServiceManager(`READY=1\n${statusLine()}`)
  log.info('running', { version: options.version, configuration: options.configurationFile, pid: ports.pid })

  /** What the configuration asks of the host is asked where it is to run, so it is read there once more. */
  function loadInItsNamespace(): Result<ReturnType<typeof ports.loadConfiguration>, StartFailure> {
    const seen = ports.loadConfiguration()
    const { netNamespace, netNamespaceIpvs } = seen.configuration?.global ?? {}
    if (netNamespace === undefined && netNamespaceIpvs === undefined) return ok(seen)
    const entered = ports.enterNamespace(netNamespace, netNamespaceIpvs)
    return entered.ok ? ok(ports.loadConfiguration()) : fail({ exitCode: 1, message: entered.error.message })
  }

  /** @param source  what `next` was made of, as the file has it */
  async function change(
    from: Configuration | undefined,
    next: Configuration,
    source: Configuration,
  ): Promise<Result<void, string>> {
    const before = model.virtualRouters
    const to = from === undefined ? next : withUnchanged(from, next)
    const changed = await changer.change(from, to, () => {
      roles.adopt(model, to, listingIn(source))
      model = to
      ports.applySettings(to.global.daemon ?? {})
      reloadTimer.adopt(to.global.daemon ?? {})
      notifier.adopt(to.global)
      trackers.adopt(options.vrrp ? to : { ...to, trackScripts: [], trackProcesses: [] })
    })
    roles.serverOrders.settle()
    // The role that had them may have been dead just then.
    if (changed.ok && to.virtualRouters.length === 0) await clearLeftAddresses(before, undefined)
    return changed
  }

  async function clearLeftAddresses(
    routers: readonly VirtualRouter[] | undefined,
    statics: StaticItems | undefined,
  ): Promise<void> {
    if (!options.vrrp || (routers?.length === 0 && !hasStatics(statics))) return
    const removed = await ports.removeLeftAddresses(routers, statics)
    if (!removed.ok) log.error('virtual addresses cannot be removed', { reason: removed.error.message })
    else if (removed.value.length > 0)
      log.warn('virtual addresses that were left are removed', { addresses: removed.value.join(' ') })
  }

  /** After what was leaving has left: what is in force follows. */
  async function recompose(): Promise<void> {
    if (stopping !== undefined) return
    leavers = stillLeaving(leavers, roles.serverOrders.standing())
    const result = await change(model, withLeavers(configured, leavers), written)
    if (!result.ok) log.error('what is drained cannot be removed', { reason: result.error })
  }

  /** What is listed elsewhere has changed; who is not listed any more leaves first. */
  async function follow(titles: readonly string[]): Promise<void> {
    if (stopping !== undefined) return
    const [first = ''] = titles
    const by = titles.length === 1 ? first : `${first} and ${titles.length - 1} more`
    const result = await replace(written, by)
    if (!result.ok) log.error('a list of real servers cannot be followed', { list: by, reason: result.error })
    else health.replaced()
  }

  /** The new configuration in force; what it has no more leaves first, if that is wanted. */
  async function replace(next: Configuration, gracefulFor: string | undefined): Promise<Result<void, string>> {
    const wanted = listed.expand(next)
    const known = new Set(leavers.map(({ real }) => real))
    const leaving =
      gracefulFor === undefined ? [] : removedServers(model, wanted).filter(({ real }) => !known.has(real))
    const all = whoReturns(wanted, [...leavers, ...leaving])
    const result = await change(model, withLeavers(wanted, all.leaving), next)
    listed.keep(result.ok ? next : written)
    if (!result.ok) return result
    written = next
    configured = wanted
    leavers = all.leaving
    if (all.returning.length > 0) roles.serverOrders.stay(all.returning.map(placeOf))
    if (gracefulFor !== undefined && leaving.length > 0) roles.serverOrders.leave(leaving.map(placeOf), gracefulFor)
    return result
  }

  async function reloadOnce({ allowEmpty = false, gracefulFor }: ReloadOptions): Promise<Result<void, string>> {
    if (stopping !== undefined) return fail('the daemon is stopping')
    ports.notifyServiceManager(`RELOADING=1\nMONOTONIC_USEC=${ports.clock.now()}`)
    log.info('reloading', { configuration: options.configurationFile })
    const loaded = whileMarked(() => ports.loadConfiguration())
    logComplaints(loaded.complaints)
    const verdict = reloadVerdict(loaded, options.configurationFile, allowEmpty, model)
    keepVerdict(loaded.complaints, verdict)
    const result = verdict.ok ? await replace(verdict.value, gracefulFor) : verdict
    if (result.ok) {
      lastReloadError = undefined
      loadedAt = new Date(ports.clock.wall()).toISOString()
      health.replaced()
      keepCopy(loaded.text)
      log.info('reloaded')
      if (model.global.fifoStatesOnReload === true) void roles.vrrp.applied(appliedLimit).then(roles.repeatStates)
    } else {
      lastReloadError = result.error
      log.error('reload refused, nothing was changed', { reason: result.error.replaceAll('\n', '; ') })
    }
    ports.notifyServiceManager(`READY=1\n${statusLine()}`)
    return result.ok ? ok(undefined) : result
  }

  /** config_save_dir: what took effect, in one piece, for whoever asks later what ran. */
  function keepCopy(text: string | undefined): void {
    const directory = model.global.daemon?.configurationCopies
    if (directory === undefined || text === undefined) return
    copies += 1
    const saved = ports.saveText(`${directory}/keepalived.conf.${ports.pid}.${copies}`, text)
    if (!saved.ok) log.warn('copy of the configuration cannot be kept', { reason: saved.error.message })
  }

  /** reload_check_config FILE: what was to be said of the text, one complaint after another. */
  function keepVerdict(complaints: readonly Complaint[], verdict: Result<unknown, string>): void {
    const path = model.global.daemon?.reloadCheckLog ?? ''
    if (path === '') return
    const told = new Set([...complaints.map(({ text }) => text), ...(verdict.ok ? [] : verdict.error.split('\n'))])
    const kept = ports.replaceText(path, [...told].map((text) => `${text}\n`).join(''))
    if (!kept.ok) log.warn('what the check of a configuration says cannot be kept', { reason: kept.error.message })
  }

  /** reload_file tells writers of configuration files to hold off. */
  function whileMarked<T>(read: () => T): T {
    const path = markerOf(model)
    if (path === undefined) return read()
    const marked = ports.replaceText(path, '', MARKER_MODE)
    if (!marked.ok) log.warn('reload_file cannot be made', { reason: marked.error.message })
    try {
      return read()
    } finally {
      ports.removeFile(path)
    }
  }

  function markerOf({ global }: Configuration): string | undefined {
    const path = global.daemon?.reloadFile
    return path === '' ? `${options.runDirectory}/keepalived.reload` : path
  }

  function stop(exitCode: number): Promise<void> {
    if (stopping !== undefined) roles.vrrp.send({ type: 'stop-at-once' })
    stopping ??= stopOnce(exitCode)
    return stopping
  }

  async function stopOnce(exitCode: number): Promise<void> {
    // Before anything else, because it starts with the masters' resignations.
    const rolesStopped = stopRoles(true)
    ports.notifyServiceManager('STOPPING=1\nSTATUS=stopping')
    log.info('stopping')
    roles.runStopNotifications()
    await rolesStopped
    // A role that was dead, or had to be killed, has left them.
    if (!options.keepAddresses) await clearLeftAddresses(model.virtualRouters, model.statics)
    await notifier.finish(lastWordsLimits)
    const { shutdownScript, shutdownScriptTimeout = USUAL_SCRIPT_LIMIT } = model.global
    if (shutdownScript !== undefined) await runToEnd(ports, shutdownScript, asScriptUser, shutdownScriptTimeout)
    health.remove()
    control?.close()
    for (const file of [pidFile, options.vrrpPidFile, options.checkerPidFile]) {
      if (file !== undefined) ports.removeFile(file)
    }
    log.info('stopped')
    journal.flush()
    resolveDone(exitCode)
  }

  /** Addresses first: while they are here, traffic comes that only a table in place can serve. */
  async function stopRoles(mayLeave: boolean): Promise<void> {
    trackers.stop()
    listed.stop()
    reloadTimer.stop()
    const patience = model.global.childWaitTime
    await roles.vrrp.stop(mayLeave && options.keepAddresses, patience)
    await Promise.all([
      roles.checker.stop(false, patience),
      roles.forwarding.stop(mayLeave && options.keepForwarding, patience),
    ])
  }

  function logComplaints(complaints: readonly Complaint[]): void {
    for (const { severity, text } of complaints) {
      if (severity === 'error') log.error(text)
      else log.warn(text)
    }
  }

  function statusLine(): string {
    const refused = lastReloadError === undefined ? '' : '; the last reload was refused'
    return `STATUS=${model.virtualRouters.length} virtual routers, ${model.virtualServers.length} virtual servers${refused}`
  }

  return ok({ reload, stop: () => stop(0), reports, done })
}
