import type { HealthRecord } from '../ipc/index.ts'
import { isRecord, parseJson } from './json-text.ts'

/** Kept health is believed this long after its last sign of life, in milliseconds. */
const healthAgeLimit = 60_000

/** How often the file is written anew while nothing changes, so that its age tells when its writer died. */
export const healthRefresh = 15_000

/** The text of the kept health file. */
export function encodeHealth(records: readonly HealthRecord[], bootId: string, writtenAt: number): string {
  return `${JSON.stringify({ bootId, writtenAt, records })}\n`
}

/**
 * The records of a kept health file; none when it is from another boot, older than `healthAgeLimit`, or not what we
 * write.
 * @param now  milliseconds since 1970, as `writtenAt`
 */
export function decodeHealth(text: string, bootId: string, now: number): readonly HealthRecord[] {
  const value = parseJson(text)
  if (!isRecord(value) || value['bootId'] !== bootId) return []
  const { writtenAt, records } = value
  if (typeof writtenAt !== 'number' || Math.abs(now - writtenAt) > healthAgeLimit) return []
  return Array.isArray(records) ? records.filter(isHealthRecord) : []
}

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
