import type { HealthRecord } from '../ipc/index.ts'
import { isRecord, parseJson } from './json-text.ts'

/** Kept health is believed this long after its last sign of life, in milliseconds. */
const healthAgeLimit = 60_000

/** How often the file is written anew, also while nothing changes, so that its age tells when its writer died. */
export const healthRefresh = 15_000

/**
 * A line of the kept health file. The first has a record of every server, those after it of servers that have changed since.
 * @param writtenAt  milliseconds since 1970
 */
export function encodeHealth(records: readonly HealthRecord[], bootId: string, writtenAt: number): string {
  return `${JSON.stringify({ bootId, writtenAt, records })}\n`
}

/**
 * The records of a kept health file, the last of each server; none when it is from another boot, its last line older than
 * `healthAgeLimit`, or its first not what we write. What follows a line that was not written to its end does not count.
 * @param now  milliseconds since 1970
 */
export function decodeHealth(text: string, bootId: string, now: number): readonly HealthRecord[] {
  const known = new Map<string, HealthRecord>()
  let lastWritten = Number.NEGATIVE_INFINITY
  for (const line of text.split('\n')) {
    const value = line === '' ? undefined : parseJson(line)
    if (!isRecord(value) || value['bootId'] !== bootId) break
    const { writtenAt, records } = value
    if (typeof writtenAt !== 'number' || !Array.isArray(records)) break
    lastWritten = writtenAt
    for (const record of records) if (isHealthRecord(record)) known.set(healthKey(record), record)
  }
  return Math.abs(now - lastWritten) > healthAgeLimit ? [] : [...known.values()]
}

/** Of which server a record is. */
export const healthKey = ({ serviceKey, realServerKey }: HealthRecord): string => `${serviceKey} ${realServerKey}`

function isHealthRecord(value: unknown): value is HealthRecord {
  return (
    isRecord(value) &&
    typeof value['serviceKey'] === 'string' &&
    typeof value['realServerKey'] === 'string' &&
    typeof value['up'] === 'boolean' &&
    (value['neverUp'] === undefined || value['neverUp'] === true) &&
    (value['risingSince'] === undefined || Number.isSafeInteger(value['risingSince'])) &&
    typeof value['since'] === 'string' &&
    (value['reason'] === undefined || typeof value['reason'] === 'string') &&
    (value['contributions'] === undefined ||
      (isRecord(value['contributions']) &&
        Object.values(value['contributions']).every((one) => Number.isSafeInteger(one)))) &&
    Array.isArray(value['failedCheckers']) &&
    value['failedCheckers'].every((asked) => typeof asked === 'string')
  )
}
