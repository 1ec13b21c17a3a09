import type { Instant } from '../base/index.ts'
import {
  type Command,
  type TrackedWeight,
  type TrackProcess,
  type TrackScript,
  USUAL_JSON_VERSION,
} from '../model/index.ts'
import { keepalivedErrors } from './keepalived-errors.ts'
import { keepalivedRoute, keepalivedRule } from './keepalived-routing.ts'
import { addressTexts, commandWords, wantedState } from './keepalived-words.ts'
import type { VirtualRouterSnapshot } from './snapshot.ts'
import type { DescribedRouter } from './topology-text.ts'

/** keepalived's numbers of the states. */
const stateNumbers = { initialize: 0, backup: 1, master: 2, fault: 3 } as const

/** A tracked process, how many there are, and whether that is good. */
export type CountedProcess = {
  readonly track: TrackProcess
  readonly count: number
  readonly holds: boolean
  /** Something was gained or lost that counts at this moment. */
  readonly changesAt?: Instant
}

/**
 * keepalived's JSON: an array of `{ data, stats }`, one a virtual router, in version 2 under the key `vrrp`, with tracked
 * processes, if there are any, under `track_process`. Its keys, types
 * and their order; what Holdfast does not have is as in an instance that does not use it.
 * @param routers  with their models, in the same order
 */
export function instancesJson(
  routers: readonly DescribedRouter[],
  scripts: readonly TrackScript[] = [],
  version: 1 | 2 = USUAL_JSON_VERSION,
  processes: readonly CountedProcess[] = [],
): string {
  const all = routers.map((one) => ({
    data: data(one, scripts),
    stats: stats(one.snapshot),
  }))
  const two = { vrrp: all, ...(processes.length === 0 ? {} : { track_process: processes.map(process) }) }
  return `${JSON.stringify(version === 1 ? all : two)}\n`
}

const names = (key: string, all: readonly string[]) => (all.length === 0 ? {} : { [key]: all })

function data({ model, snapshot }: DescribedRouter, scripts: readonly TrackScript[]) {
  const { announcements, notify, authentication } = model
  const state = stateNumbers[snapshot.state]
  const isMaster = snapshot.state === 'master'
  const tracked = (kind: string) => model.tracks.filter((one) => one.kind === kind).map(({ name }) => name)
  const { virtualLink } = snapshot
  return {
    iname: model.name,
    dont_track_primary: flag(model.dontTrackPrimary),
    skip_check_adv_addr: flag(model.skipCheckAdvAddr),
    strict_mode: flag(model.strict === true),
    vmac_ifname: virtualLink ?? '',
    ...(model.anyInterface === true ? {} : { ifp_ifname: virtualLink ?? model.interface }),
    // The last that was heard, also as master.
    master_priority: (state === 1 ? snapshot.masterPriority : snapshot.lastHeard?.priority) ?? 0,
    last_transition: Date.parse(snapshot.since) / 1_000,
    garp_delay: inSeconds(announcements.masterDelay),
    garp_refresh: inSeconds(announcements.masterRefresh),
    garp_rep: announcements.masterRepeat,
    garp_refresh_rep: announcements.masterRefreshRepeat,
    garp_lower_prio_delay: inSeconds(announcements.lowerPrioDelay),
    garp_lower_prio_rep: announcements.lowerPrioRepeat,
    lower_prio_no_advert: flag(model.lowerPrioNoAdvert),
    higher_prio_send_advert: flag(model.higherPrioSendAdvert),
    vrid: model.virtualRouterId,
    base_priority: model.priority,
    effective_priority: snapshot.effectivePriority,
    vipset: isMaster,
    promote_secondaries: model.promotesSecondaries === true,
    adver_int: snapshot.advertisementInterval,
    master_adver_int: snapshot.masterInterval,
    accept: flag(model.dropsPackets !== true),
    nopreempt: !model.preempt,
    preempt_delay: inSeconds(model.preemptDelay),
    state,
    wantstate: stateNumbers[wantedState(model, snapshot)],
    version: model.version,
    smtp_alert: model.smtpAlert === true,
    notify_deleted: model.tellsDeleted === true || notify.deleted !== undefined,
    ...script('script_backup', notify.backup),
    ...script('script_master', notify.master),
    ...script('script_fault', notify.fault),
    ...script('script_stop', notify.stop),
    ...script('script_deleted', notify.deleted),
    ...script('script', notify.any),
    ...script('script_master_rx_lower_pri', notify.masterRxLowerPri),
    ...(model.addresses.length > 0 ? { vips: addressTexts(model.addresses, model, snapshot) } : {}),
    ...(model.excludedAddresses.length > 0 ? { evips: addressTexts(model.excludedAddresses, model, snapshot) } : {}),
    ...names('vroutes', (model.routes ?? []).map(keepalivedRoute)),
    ...names('vrules', (model.rules ?? []).map(keepalivedRule)),
    ...names('track_ifp', tracked('interface')),
    ...names(
      'track_script',
      tracked('script').map((name) => {
        const found = scripts.find((one) => one.name === name)
        return found === undefined ? name : commandWords(found.command)
      }),
    ),
    ...names('track_process', tracked('process')),
    auth_type: authentication === undefined ? 0 : authentication.type === 'pass' ? 1 : 2,
    ...(authentication === undefined ? {} : { auth_data: '********' }),
  }
}

function stats(snapshot: VirtualRouterSnapshot) {
  const errors = keepalivedErrors(snapshot)
  return {
    advert_rcvd: snapshot.advertisementsReceived,
    advert_sent: snapshot.advertisementsSent,
    become_master: snapshot.becameMaster,
    release_master: snapshot.releasedMaster,
    packet_len_err: errors.length,
    advert_interval_err: errors.interval,
    ip_ttl_err: errors.ttl,
    invalid_type_rcvd: errors.type,
    addr_list_err: errors.addressList,
    invalid_authtype: errors.authenticationTypeUnknown,
    authtype_mismatch: errors.authenticationType,
    auth_failure: errors.authentication,
    auth_ext_missing: errors.hmacMissing,
    auth_ext_malformed: errors.hmacMalformed,
    auth_ext_unknown_key: errors.hmacUnknownKey,
    auth_ext_invalid_hmac: errors.hmacInvalid,
    auth_ext_stale: errors.hmacStale,
    auth_ext_replay: errors.hmacReplay,
    pri_zero_rcvd: snapshot.priorityZeroReceived,
    pri_zero_sent: snapshot.priorityZeroSent,
  }
}

function process({ track, count, holds, changesAt }: CountedProcess) {
  const waits = changesAt !== undefined
  return {
    process: track.name,
    ...(track.arguments.length === 0 ? {} : { parameters: track.arguments.join(' ') }),
    param_match: track.match ?? 'none',
    min_processes: track.quorum,
    ...(track.most === undefined ? {} : { max_processes: track.most }),
    current_processes: count,
    have_quorum: holds,
    weight: signed(track.weight),
    terminate_delay: inSeconds(track.terminateDelay),
    fork_delay: inSeconds(track.forkDelay),
    fork_delay_timer_running: waits && !holds,
    terminate_delay_timer_running: waits && holds,
    full_command: track.fullCommand,
  }
}

/** Reversed: negated. */
const signed = ({ weight, reverse }: TrackedWeight = { weight: 0, reverse: false }): number =>
  reverse ? -weight : weight

const script = (key: string, command: Command | undefined) =>
  command === undefined ? {} : { [key]: commandWords(command) }

const flag = (value: boolean): number => (value ? 1 : 0)

const inSeconds = (us: number): number => us / 1_000_000
