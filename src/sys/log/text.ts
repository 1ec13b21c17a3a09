import type { LogFields } from '../../base/index.ts'
import { type LogEntry, severity } from './entry.ts'

/**
 * `sentence key=value key="two words"`, on one line whatever the fields hold; the field `role` is put first, as
 * `vrrp: `.
 */
function entryText(entry: LogEntry): string {
  const { role, ...rest } = entry.fields
  const prefix = role === undefined ? '' : `${role}: `
  return oneLine(`${prefix}${entry.message}${fieldsText(rest)}`)
}

function fieldsText(fields: LogFields): string {
  let text = ''
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue
    const plain = String(value)
    text += ` ${key}=${/^[^\s"=]+$/.test(plain) ? plain : JSON.stringify(plain)}`
  }
  return text
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what comes from peers and configurations must not move a terminal's cursor
const control = /[\u0000-\u001f\u007f-\u009f]/g
const oneLine = (text: string): string => text.replaceAll(/\r?\n/g, '; ').replaceAll(control, '?')

/** `2026-11-21 02:07:29.123 warn  sentence …` in local time. */
export function consoleLine(entry: LogEntry): string {
  const at = new Date(entry.at)
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`
  return `${day} ${time} ${entry.level.padEnd(5)} ${entryText(entry)}`
}

/** For a journal that reads our standard error: a priority in front (sd-daemon(3)); it keeps the time itself. */
export const journalLine = (entry: LogEntry): string => `<${severity[entry.level]}>${entryText(entry)}`

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** RFC 3164 §4.1 as local receivers take it: priority, time stamp, no host name, tag. */
export function syslogLine(entry: LogEntry, facility: number, tag: string): string {
  const at = new Date(entry.at)
  const stamp = `${months[at.getMonth()]} ${String(at.getDate()).padStart(2)} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
  return `<${facility * 8 + severity[entry.level]}>${stamp} ${tag}: ${entryText(entry)}`
}

const two = (value: number): string => String(value).padStart(2, '0')
