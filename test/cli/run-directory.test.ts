import { expect, test } from 'vitest'
import { pinDirectoryFor, tooLongFor } from '../../src/cli/daemon/places.ts'

test('a run directory whose sockets fit into sockaddr_un is accepted, one byte more is refused with both lengths', () => {
  const longest = `/${'r'.repeat(88)}`
  expect(tooLongFor(longest)).toBeUndefined()
  expect(Buffer.byteLength(`${longest}/vrrp-handoff.sock`)).toBe(107)
  expect(tooLongFor(`${longest}r`)).toContain('a run directory of 90 bytes')
  expect(tooLongFor(`${longest}r`)).toContain('at most 89 with --run-dir')
})

test('bytes count, not characters', () => {
  expect(tooLongFor(`/${'ü'.repeat(60)}`)).toContain('of 121 bytes')
})

test('two run directories have two places for pins', () => {
  expect(pinDirectoryFor('/run/holdfast')).toBe('/sys/fs/bpf/holdfast/run-holdfast')
  expect(pinDirectoryFor('/run/a.b')).not.toBe(pinDirectoryFor('/run/a/b'))
})
