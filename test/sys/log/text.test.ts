import { expect, test } from 'vitest'
import { consoleLine, journalLine, type LogEntry, logTo, syslogLine } from '../../../src/sys/log/index.ts'

const entry: LogEntry = {
  level: 'warn',
  message: 'advertisement rejected',
  fields: { role: 'vrrp', router: 'VI_1', reason: 'not ours', count: 3, absent: undefined },
  at: new Date(2026, 0, 2, 3, 4, 5, 6).getTime(),
}

test('a console line has the time, the level, the role, the sentence and its fields', () => {
  expect(consoleLine(entry)).toBe(
    '2026-01-02 03:04:05.006 warn  vrrp: advertisement rejected router=VI_1 reason="not ours" count=3',
  )
})

test('a line for the journal begins with its priority', () => {
  expect(journalLine(entry)).toBe('<4>vrrp: advertisement rejected router=VI_1 reason="not ours" count=3')
})

test('a line for syslog has facility and severity, time stamp and tag', () => {
  expect(syslogLine(entry, 3, 'holdfastd[7]')).toMatch(/^<28>Jan {2}2 03:04:05 holdfastd\[7\]: vrrp: advertisement/)
})

test('nothing in an entry ends its line or moves the cursor', () => {
  const line = consoleLine({ ...entry, message: 'a\nb\u001b[2Jc', fields: { x: 'y\r\nz' } })
  expect(line).toMatch(/a; b\?\[2Jc x="y\\r\\nz"$/)
})

test('entries below the least level are not made; fields of a child are on each of its entries', () => {
  const entries: LogEntry[] = []
  const log = logTo([(one) => entries.push(one)], 'info').child({ role: 'vrrp', a: 1 })
  log.debug('hidden')
  log.error('shown', { a: 2 })
  expect(entries).toMatchObject([{ level: 'error', message: 'shown', fields: { role: 'vrrp', a: 2 } }])
})
