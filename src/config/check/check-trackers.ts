import { describedServers, type Track, trackKey } from '../../model/index.ts'
import type { Lowered } from '../lower/index.ts'
import type { Report, Span } from '../report.ts'

/**
 * Is each vrrp_script, track_file and vrrp_track_process tracked by something, and can the script be run? One that nothing tracks is left out;
 * one that cannot be run is left out together with the lines that track it (keepalived).
 * @param isExecutable absent: the host is not asked
 */
export function checkTrackers(
  lowered: Lowered,
  isExecutable: ((path: string) => boolean) | undefined,
  report: Report,
): Lowered {
  const runnable = lowered.trackScripts.filter(({ value, scripts }) => {
    const program = value.command.argv[0] ?? ''
    // A name without a slash is searched in PATH when it is run.
    if (isExecutable === undefined || !program.includes('/') || isExecutable(program)) return true
    const at = scripts[0]?.at ?? { start: 0, end: 0 }
    report.error('object', at, `${program} is not there or not executable; vrrp_script ${value.name} is left out`, {
      rule: 'script-not-executable',
      remedy: 'install it, or chmod a+x it',
    })
    return false
  })
  const there = new Set(runnable.map(({ value }) => value.name))
  const kept = (tracks: readonly Track[]) => tracks.filter(({ kind, name }) => kind !== 'script' || there.has(name))
  const routers = lowered.routers.map((one) => ({ ...one, value: { ...one.value, tracks: kept(one.value.tracks) } }))
  const syncGroups = lowered.syncGroups.map((one) => ({
    ...one,
    value: { ...one.value, tracks: kept(one.value.tracks) },
  }))
  const tracked = new Set([...routers, ...syncGroups].flatMap(({ value }) => value.tracks.map(trackKey)))
  for (const { value } of lowered.servers)
    for (const { checkers } of describedServers(value))
      for (const checker of checkers)
        if (checker.kind === 'file') tracked.add(trackKey({ kind: 'file', name: checker.file }))
  const isTracked =
    (kind: Track['kind'], word: string) => (one: { readonly value: { readonly name: string }; readonly at: Span }) => {
      if (tracked.has(trackKey({ kind, name: one.value.name }))) return true
      report.warning('remark', one.at, `${word} ${one.value.name} is tracked by nothing; it is left out`, {
        rule: 'never-used',
        remedy: 'add the line that tracks it, or remove it',
      })
      return false
    }
  return {
    ...lowered,
    routers,
    syncGroups,
    trackScripts: runnable.filter(isTracked('script', 'vrrp_script')),
    trackFiles: lowered.trackFiles.filter(isTracked('file', 'track_file')),
    trackProcesses: lowered.trackProcesses.filter(isTracked('process', 'vrrp_track_process')),
  }
}
