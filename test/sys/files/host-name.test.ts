/** What the host calls itself in full. */
import { expect, test } from 'vitest'
import { canonicalName } from '../../../src/sys/files/index.ts'

test('the first name of the line that lists the host is its full name', () => {
  const hosts = `127.0.0.1\tlocalhost
# 192.0.2.9 old.example.com director
127.0.1.1\tdirector.example.com director lb # ours
192.0.2.1 other.example.com other director
`
  expect(canonicalName(hosts, 'director')).toBe('director.example.com')
  expect(canonicalName(hosts, 'director.example.com')).toBe('director.example.com')
  expect(canonicalName(hosts, 'old')).toBe('old')
})

test('an address is no name, and localhost is nobody in particular', () => {
  expect(canonicalName('127.0.0.1 localhost.localdomain director\n', 'director')).toBe('director')
  expect(canonicalName('director\n192.0.2.1', 'director')).toBe('director')
  expect(canonicalName('192.0.2.1 director.example.com\r\n', '192.0.2.1')).toBe('192.0.2.1')
})
