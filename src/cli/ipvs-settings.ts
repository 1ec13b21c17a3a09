import process from 'node:process'
import { fail, ok, type Result } from '../base/index.ts'
import { badSetting, type IpvsSettings, type SettingName, settingNames, settingRules } from '../forwarding/index.ts'
import { complain } from './daemon-request.ts'
import { NoAnswer, openTable } from './open-table.ts'

export type SettingsOptions = { readonly json?: true; readonly backend?: 'ebpf' | 'ipvs'; readonly runDir: string }

/** What the words ask for. */
export type SettingsRequest = {
  /** In the order given; none: all. */
  readonly show: readonly SettingName[]
  readonly set: Partial<IpvsSettings>
}

/** `NAME` and `NAME=VALUE`; the failure is a sentence. */
export function parseSettings(words: readonly string[]): Result<SettingsRequest, string> {
  const show: SettingName[] = []
  const set: Partial<Record<SettingName, number>> = {}
  for (const word of words) {
    const [written = '', value] = word.split(/=(.*)/s)
    const name = settingNames.find((one) => one === written)
    if (name === undefined) return fail(badSetting(written, 0) ?? written)
    show.push(name)
    if (value === undefined) continue
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN
    const wrong = badSetting(name, number)
    if (wrong !== undefined) return fail(wrong.replace('NaN', JSON.stringify(value)))
    set[name] = number
  }
  return ok({ show, set })
}

/** One line each: name, value, and what it means. */
export function settingsText(values: Partial<IpvsSettings>): string {
  const rows = settingNames.flatMap((name) => {
    const value = values[name]
    return value === undefined ? [] : [[name, String(value), settingRules[name].meaning] as const]
  })
  const widths = [0, 1].map((column) => Math.max(0, ...rows.map((row) => (row[column] ?? '').length)))
  return rows
    .map(([name, value, meaning]) => `${name.padEnd(widths[0] ?? 0)} ${value.padStart(widths[1] ?? 0)}  ${meaning}\n`)
    .join('')
}

/** Shows and sets; the exit code. */
export async function ipvsSettings(words: readonly string[], options: SettingsOptions): Promise<number> {
  const request = parseSettings(words)
  if (!request.ok) return complain(request.error)
  const { backend, runDir: runDirectory } = options
  const opened = await openTable({ runDirectory, ...(backend === undefined ? {} : { backend }) })
  if (!opened.ok) return complain(opened.error.message)
  const table = opened.value
  try {
    const { show, set } = request.value
    if (Object.keys(set).length > 0) {
      const [result] = await table.backend.apply([{ type: 'set-settings', settings: set }])
      if (result?.ok === false) return complain(result.error.message)
    }
    const all = await table.backend.settings()
    const absent = show.find((name) => all[name] === undefined)
    if (absent !== undefined) return complain(`${absent}: the ${table.backend.kind} backend has no such setting`)
    const shown: Partial<IpvsSettings> =
      show.length === 0 ? all : Object.fromEntries(show.map((name) => [name, all[name]]))
    process.stdout.write(options.json ? `${JSON.stringify(shown, undefined, 2)}\n` : settingsText(shown))
    return 0
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error
    return complain(error.message)
  } finally {
    await table.close()
  }
}
