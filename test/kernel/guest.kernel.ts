/** What the other files of this folder take for granted about the kernel they run on. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

test('the kernel has the modules that hosts may lack', () => {
  const modules = ['ip_vs', 'ip_vs_wlc', 'ipip', 'ip_gre', 'fou', 'sctp', '8021q', 'bonding', 'dummy']
  execFileSync('modprobe', ['-a', ...modules])
  const loaded = readFileSync('/proc/modules', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[0])
  expect(loaded).toEqual(expect.arrayContaining(modules))
})
