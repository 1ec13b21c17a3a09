/** A reader of a pipe gets all of it, though the command has long written its last word. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const directory = mkdtempSync(join(tmpdir(), 'holdfast-long-'))
afterAll(() => rmSync(directory, { recursive: true }))

test('what does not fit into the pipe at once is not lost when the command ends', () => {
  const routers = Array.from(
    { length: 200 },
    (_, i) =>
      `vrrp_instance VI_${i} {\n interface eth0\n virtual_router_id ${i + 1}\n virtual_ipaddress { 192.0.2.${i + 1} }\n}\n`,
  )
  const file = join(directory, 'many.conf')
  writeFileSync(file, routers.join(''))
  // A pipe of the shell: Node's own are sockets, which take more at once.
  const command = `"${process.execPath}" "${resolve('bin/holdfast')}" config print "${file}" 2>/dev/null | cat`
  const { stdout } = spawnSync('sh', ['-c', command], { encoding: 'utf8', timeout: 60_000 })
  expect(stdout.length).toBeGreaterThan(65_536)
  expect(stdout).toContain('vrrp_instance VI_199 {')
  expect(stdout.endsWith('}\n')).toBe(true)
})
