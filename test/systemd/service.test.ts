/** The unit as systemd's own tools see it, with the daemon of this tree in the place of the installed one. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const directory = mkdtempSync(join(tmpdir(), 'holdfast-unit-'))
afterAll(() => rmSync(directory, { recursive: true }))

const unit = readFileSync('systemd/holdfast.service', 'utf8')
const path = join(directory, 'holdfast.service')
writeFileSync(path, unit.replace('/usr/sbin/holdfastd', resolve('bin/holdfastd')).replace(/^Documentation=.*\n/m, ''))

const analyze = (...argv: string[]) => spawnSync('systemd-analyze', argv, { encoding: 'utf8', timeout: 30_000 })

test('systemd-analyze verify has nothing to complain of', () => {
  const { status, stdout, stderr } = analyze('verify', path)
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' })
})

test('systemd-analyze security rates its exposure below 5.5', () => {
  const { stdout } = analyze('security', '--offline=true', path)
  const exposure = /exposure level for holdfast\.service: ([\d.]+)/.exec(stdout)?.[1]
  expect(Number(exposure)).toBeLessThan(5.5)
})

test('a killed supervisor takes no other process with it and is back within the grace of its vrrp role', () => {
  expect(unit).toMatch(/^Type=notify$/m)
  expect(unit).toMatch(/^KillMode=process$/m)
  expect(unit).toMatch(/^Restart=always$/m)
  expect(unit).toMatch(/^RestartSec=100ms$/m)
  expect(unit).toMatch(/^RuntimeDirectoryPreserve=restart$/m)
})

test('the unit of real servers: verified too, and exposed less', () => {
  const name = 'holdfast-realserver.service'
  const text = readFileSync(`systemd/${name}`, 'utf8')
  const at = join(directory, name)
  writeFileSync(at, text.replace('/usr/bin/holdfast', resolve('bin/holdfast')).replace(/^Documentation=.*\n/m, ''))
  const { status, stdout, stderr } = analyze('verify', at)
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' })
  const rated = analyze('security', '--offline=true', at).stdout
  expect(Number(/exposure level for holdfast-realserver\.service: ([\d.]+)/.exec(rated)?.[1])).toBeLessThan(5)
})
