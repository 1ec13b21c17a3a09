/** The settings, which the kernel has as net.ipv4.vs.*, one table for each network namespace. */

import { fail, ok } from '../../base/index.ts'
import { overwriteText, readText } from '../../sys/files/index.ts'
import { loadModule } from '../../sys/process/index.ts'
import { badSetting, type IpvsSettings, type OpResult, type SettingName, settingNames } from '../index.ts'

const DIRECTORY = '/proc/sys/net/ipv4/vs'

/** Settings that come with a module of their own. */
const modules: Readonly<Partial<Record<SettingName, string>>> = {
  lblc_expiration: 'ip_vs_lblc',
  lblcr_expiration: 'ip_vs_lblcr',
}

/** Those that this kernel has, and whose module is loaded. */
export function readSettings(): Partial<IpvsSettings> {
  const found: Partial<Record<SettingName, number>> = {}
  for (const name of settingNames) {
    if (isOfPair(name)) continue
    const text = readText(`${DIRECTORY}/${name}`)
    if (text.ok) found[name] = Number(text.value)
  }
  const pair = readText(`${DIRECTORY}/${PAIR_FILE}`)
  const values = pair.ok ? pair.value.trim().split(/\s+/).map(Number) : []
  for (const [i, name] of PAIR.entries()) {
    const value = values[i]
    if (value !== undefined) found[name] = value
  }
  return found
}

/** Two settings that the kernel has in one file. */
const PAIR = ['sync_threshold', 'sync_period'] as const satisfies readonly SettingName[]
const PAIR_FILE = 'sync_threshold'
const isOfPair = (name: SettingName): boolean => PAIR.some((one) => one === name)

/** All or, where one cannot be, none; a kernel that then refuses one keeps those before it. */
export function writeSettings(settings: Partial<IpvsSettings>): OpResult {
  const wanted = Object.entries(settings) as readonly (readonly [SettingName, number])[]
  for (const [name, value] of wanted) {
    const bad = badSetting(name, value)
    if (bad !== undefined) return fail({ reason: 'invalid', message: bad })
  }
  for (const [name, value] of wanted) {
    const done = isOfPair(name) ? ok(undefined) : write(name, String(value))
    if (!done.ok) return done
  }
  if (!wanted.some(([name]) => isOfPair(name))) return ok(undefined)
  const both = { ...readSettings(), ...settings }
  return write(PAIR_FILE, PAIR.map((name) => both[name] ?? 0).join(' '))
}

function write(name: SettingName, value: string): OpResult {
  const path = `${DIRECTORY}/${name}`
  const module = modules[name]
  let written = overwriteText(path, value)
  if (!written.ok && written.error.code === 'ENOENT' && module !== undefined && loadModule(module).ok)
    written = overwriteText(path, value)
  if (written.ok) return ok(undefined)
  const { code } = written.error
  switch (code) {
    case 'ENOENT':
    // A file that is not there would be made, which /proc does not allow.
    case 'EACCES':
      return fail({
        reason: 'not-supported',
        code,
        message: `${name}: this kernel has no net.ipv4.vs.${name}, or it may not be written here; sysctl net.ipv4.vs tells`,
      })
    case 'EINVAL':
      return fail({ reason: 'invalid', code, message: `${name} ${value}: the kernel does not take this value` })
    default:
      return fail({
        reason: 'system',
        code,
        message: `${written.error.message}; settings need root and a writable /proc/sys`,
      })
  }
}
