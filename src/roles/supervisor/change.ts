import { fail, ok, type Result, seconds } from '../../base/index.ts'
import { diff } from '../../config/index.ts'
import { type Configuration, type Observed, type TrackScript, trackKey } from '../../model/index.ts'
import type { RoleName } from '../ipc/index.ts'
import type { SupervisorOptions } from './options.ts'
import type { SupervisorPorts } from './ports.ts'
import type { Roles } from './roles.ts'
import { forwardingSlice, offersFor, type Slices, slicesOf } from './slices.ts'
import { numberToCome } from './tracked-file.ts'
import { NOT_YET_RUN } from './tracked-script.ts'

const appliedLimit = seconds(5)

/** Tells the vrrp role which of its virtual routers cannot simply go on. */
function withRestarts(offers: Slices, from: Configuration | undefined, to: Configuration): Slices {
  if (offers.vrrp === undefined || from === undefined) return offers
  const restarted = diff(from, to).virtualRouters.changed.filter(({ verdict }) => verdict === 'restart')
  if (restarted.length === 0) return offers
  return { ...offers, vrrp: { ...offers.vrrp, beginAnew: restarted.map(({ key }) => key) } }
}

/** Virtual routers begin with scripts that count as failed until they succeed (init_fail), not with the news that they do. */
function withPresumptions(offers: Slices, from: Configuration | undefined, to: Configuration): Slices {
  if (offers.vrrp === undefined) return offers
  const before = new Map(from?.trackScripts.map((script) => [script.name, script]))
  const observed = to.trackScripts.flatMap((script): readonly Observed[] => {
    if (!script.initFail || isSameCommand(before.get(script.name), script)) return []
    return [{ key: trackKey({ kind: 'script', name: script.name }), observation: NOT_YET_RUN }]
  })
  return observed.length === 0 ? offers : { ...offers, vrrp: { ...offers.vrrp, observed } }
}

/** Checkers begin with what their files hold, not with the news of it. */
function withNumbers(
  offers: Slices,
  from: Configuration | undefined,
  { trackFiles }: Configuration,
  ports: Pick<SupervisorPorts, 'readText'>,
): Slices {
  if (offers.checker === undefined || trackFiles.length === 0) return offers
  const files = trackFiles.map((file) => ({
    name: file.name,
    value: numberToCome(ports, file, from === undefined),
  }))
  return { ...offers, checker: { ...offers.checker, files } }
}

/** What was found of the one holds for the other. */
const isSameCommand = (before: TrackScript | undefined, after: TrackScript): boolean =>
  JSON.stringify(before?.command) === JSON.stringify(after.command)

/** Brings the roles from one configuration to another. */
export type Changer = {
  /**
   * Offers it to every role concerned; all take it, or none.
   * @param from   the one in force, if there is one
   * @param adopt  called when all have said that they can, before any is told to go
   */
  change(from: Configuration | undefined, to: Configuration, adopt: () => void): Promise<Result<void, string>>
  /** What an earlier daemon left in the kernel for virtual servers that are not configured any more. */
  clearLeftForwarding(model: Configuration): Promise<void>
}

export function createChanger(
  ports: Pick<SupervisorPorts, 'pinsExist' | 'readText' | 'log'>,
  options: SupervisorOptions,
  roles: Roles,
  isStopping: () => boolean,
): Changer {
  let revision = 0

  async function change(
    from: Configuration | undefined,
    to: Configuration,
    adopt: () => void,
  ): Promise<Result<void, string>> {
    const number = ++revision
    const running = runningRoles()
    const restarting = withRestarts(offersFor(to, options, running), from, to)
    const offers = withNumbers(withPresumptions(restarting, from, to), from, to, ports)
    const answers = await Promise.all([
      offers.forwarding === undefined ? ok(undefined) : roles.forwarding.ask(number, offers.forwarding),
      offers.vrrp === undefined ? ok(undefined) : roles.vrrp.ask(number, offers.vrrp),
      offers.checker === undefined ? ok(undefined) : roles.checker.ask(number, offers.checker),
    ])
    if (isStopping()) return fail('the daemon is stopping')
    const refusal = answers.find((answer) => !answer.ok)
    if (refusal !== undefined) {
      if (offers.forwarding !== undefined) roles.forwarding.withdraw(number)
      if (offers.vrrp !== undefined) roles.vrrp.withdraw(number)
      if (offers.checker !== undefined) roles.checker.withdraw(number)
      return refusal
    }
    adopt()
    // The table's keeper first: the checker's first word after its commit is what the table is to hold.
    if (offers.forwarding !== undefined) roles.forwarding.commit(number, offers.forwarding)
    if (offers.vrrp !== undefined) roles.vrrp.commit(number, offers.vrrp)
    if (offers.checker !== undefined) roles.checker.commit(number, offers.checker)
    await endIdle(to, slicesOf(to, options), running)
    return ok(undefined)
  }

  function runningRoles(): Readonly<Record<RoleName, boolean>> {
    const runs = (role: RoleName) => roles[role].describe().state !== 'stopped'
    return { vrrp: runs('vrrp'), checker: runs('checker'), forwarding: runs('forwarding') }
  }

  /** Ends roles without objects, once they have let go of their last ones. */
  async function endIdle(
    model: Configuration,
    needed: Slices,
    running: Readonly<Record<RoleName, boolean>>,
  ): Promise<void> {
    for (const role of ['vrrp', 'checker', 'forwarding'] as const) {
      if (needed[role] !== undefined || !running[role]) continue
      await roles[role].applied(appliedLimit)
      await roles[role].stop(false, model.global.childWaitTime)
    }
  }

  return {
    change,
    async clearLeftForwarding(model) {
      if (!options.checkers || model.virtualServers.length > 0 || !ports.pinsExist()) return
      ports.log.info('removing the forwarding table of an earlier run')
      const number = ++revision
      const slice = forwardingSlice(model, options)
      const ready = await roles.forwarding.ask(number, slice)
      if (!ready.ok) {
        roles.forwarding.withdraw(number)
        return ports.log.warn('the forwarding table of an earlier run stays', { reason: ready.error })
      }
      roles.forwarding.commit(number, slice)
      roles.forwarding.send({ type: 'services-wanted', order: 0, complete: true, services: [] })
      await roles.forwarding.stop(false, model.global.childWaitTime)
    },
  }
}
