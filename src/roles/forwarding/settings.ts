import {
  type ControlOp,
  defaultSettings,
  defaultTimeouts,
  type IpvsSettings,
  settingNames,
  type Timeouts,
} from '../../forwarding/index.ts'
import { tableSizeNames, tableSizes } from '../../model/index.ts'
import type { ForwardingSlice } from '../ipc/index.ts'

/**
 * The orders that give a backend the settings and timeouts of a configuration. What the one before it named and this one
 * does not goes back to its default; what neither names is left as it is, for it may have been set by hand.
 */
export function settingOps(before: ForwardingSlice | undefined, now: ForwardingSlice): readonly ControlOp[] {
  const settings: { -readonly [Name in keyof IpvsSettings]?: number } = {}
  for (const name of settingNames) {
    const value =
      now.settings?.ipvs[name] ?? (before?.settings?.ipvs[name] === undefined ? undefined : defaultSettings[name])
    if (value !== undefined) settings[name] = value
  }
  const timeouts: Timeouts = {
    tcp: timeout('tcp', before, now),
    tcpFin: timeout('tcpFin', before, now),
    udp: timeout('udp', before, now),
  }
  return [
    ...(Object.keys(settings).length === 0 ? [] : [{ type: 'set-settings', settings } as const]),
    ...(timeouts.tcp + timeouts.tcpFin + timeouts.udp === 0 ? [] : [{ type: 'set-timeouts', timeouts } as const]),
  ]
}

/** 0 keeps the value that is in force. */
function timeout(of: keyof Timeouts, before: ForwardingSlice | undefined, now: ForwardingSlice): number {
  const wanted = now.timeouts?.[of] ?? 0
  return wanted > 0 || (before?.timeouts?.[of] ?? 0) === 0 ? wanted : defaultTimeouts[of]
}

/** What of a new configuration only a new backend can do, by the words of lvs_settings. */
export function waitingForRestart({ settings: opened }: ForwardingSlice, { settings: now }: ForwardingSlice): string[] {
  return [
    ...tableSizeNames.filter((name) => opened?.[tableSizes[name].field] !== now?.[tableSizes[name].field]),
    ...(words(opened?.interfaces) === words(now?.interfaces) ? [] : ['interfaces']),
    ...(words(opened?.xdp) === words(now?.xdp) ? [] : ['xdp']),
  ]
}

/** Words of lvs_settings that are about the embedded core and were written for another backend. */
export function withoutEffect(backend: ForwardingSlice['backend'], { settings }: ForwardingSlice): string[] {
  if (backend === 'ebpf' || settings === undefined) return []
  const { interfaces, xdp } = settings
  return [
    ...tableSizeNames.filter((name) => settings[tableSizes[name].field] !== undefined),
    ...(interfaces === undefined ? [] : ['interfaces']),
    ...(xdp === undefined ? [] : ['xdp']),
  ]
}

const words = (of: string | readonly string[] | undefined): string =>
  typeof of === 'string' ? of : (of ?? []).join(' ')
