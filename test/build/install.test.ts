import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { instance, VIRTUAL_ADDRESS } from '../lab/configurations.ts'
import { lab } from '../lab/lab-test.ts'
import { root, run } from './build.ts'

let destination = ''
beforeAll(async () => {
  destination = mkdtempSync(join(tmpdir(), 'holdfast-install-'))
  const { status, output } = await run(['make', 'install', `DESTDIR=${destination}`])
  if (status !== 0) throw new Error(output)
})
afterAll(() => rmSync(destination, { recursive: true, force: true }))

test('make install puts commands, unit, examples and licence where a package would', () => {
  const files = [
    'usr/sbin/holdfastd',
    'usr/bin/holdfast',
    'usr/lib/systemd/system/holdfast.service',
    'usr/lib/systemd/system/holdfast-realserver.service',
    'usr/share/bash-completion/completions/holdfastd',
    'usr/share/zsh/vendor-completions/_holdfast',
    'usr/share/fish/vendor_completions.d/holdfast.fish',
    'usr/share/holdfast/schema.json',
    'usr/share/man/man1/holdfast.1',
    'usr/share/man/man5/holdfast.conf.5',
    'usr/share/man/man8/holdfastd.8',
    'usr/share/man/man8/holdfast-ipvsadm.8',
    'usr/share/doc/holdfast/README.md',
    'usr/share/doc/holdfast/LICENSE',
    'usr/share/doc/holdfast/conf-examples/lvs-dr-master.conf',
  ]
  expect(files.filter((file) => !existsSync(join(destination, file)))).toEqual([])
  expect(lstatSync(join(destination, 'usr/sbin/holdfastd')).isSymbolicLink()).toBe(true)
})

test('whoever reads the installed README finds every page that it and the pages name', () => {
  const documentation = join(destination, 'usr/share/doc/holdfast')
  const pages = readdirSync(documentation, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'))
  const named = pages.flatMap((page) =>
    [...readFileSync(join(documentation, page), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)].map(
      ([, to = '']) => join(documentation, page, '..', to),
    ),
  )
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter((path) => !existsSync(path))).toEqual([])
})

test('an installed tree holds no compiler, no linter and no test', () => {
  const modules = readdirSync(join(destination, 'usr/lib/holdfast/node_modules'))
  expect(modules).toEqual(expect.arrayContaining(['commander', 'pino', 'yaml']))
  expect(modules.filter((name) => /typescript|vitest|biome|peggy|pcap|raw-socket|fast-check/.test(name))).toEqual([])
})

test('the installed holdfastd tests a configuration, by its own path and by its link', async () => {
  const example = join(root, 'conf-examples/web-http-check.conf')
  for (const path of ['usr/lib/holdfast/bin/holdfastd', 'usr/sbin/holdfastd'])
    expect(await run([join(destination, path), '-t', '-f', example], { cwd: '/' })).toMatchObject({ status: 0 })
})

test('with PREFIX=/usr/local the unit starts the daemon from there', async () => {
  const local = join(destination, 'elsewhere')
  const { status } = await run(['make', 'install', `DESTDIR=${local}`, 'PREFIX=/usr/local'])
  expect(status).toBe(0)
  const unit = readFileSync(join(local, 'usr/local/lib/systemd/system/holdfast.service'), 'utf8')
  expect(unit).toContain('ExecStart=/usr/local/sbin/holdfastd')
  const other = readFileSync(join(local, 'usr/local/lib/systemd/system/holdfast-realserver.service'), 'utf8')
  expect(other).toContain('ExecStart=/usr/local/bin/holdfast realserver')
})

test('make install-ipvsadm adds links that answer as ipvsadm, and replaces no program', async () => {
  const at = (name: string) => join(destination, 'usr/sbin', name)
  const install = () => run(['make', 'install-ipvsadm', `DESTDIR=${destination}`])
  writeFileSync(at('ipvsadm-save'), '#!/bin/sh\n')
  expect(await install()).toMatchObject({ status: 2, output: expect.stringContaining('is another program') })
  expect(existsSync(at('ipvsadm'))).toBe(false)
  rmSync(at('ipvsadm-save'))
  expect(await install()).toMatchObject({ status: 0 })
  const version = await run([at('ipvsadm'), '-v'], { cwd: '/' })
  expect(version).toMatchObject({ status: 0, output: expect.stringMatching(/^ipvsadm v1\.31 /) })
  expect(await run([at('ipvsadm-save'), '-x'], { cwd: '/' })).toMatchObject({ status: 1 })
  expect(readlinkSync(at('ipvsadm-restore'))).toBe('../lib/holdfast/bin/holdfast')
  expect(readFileSync(join(destination, 'usr/share/man/man8/ipvsadm.8'), 'utf8')).toContain('.TH HOLDFAST-IPVSADM 8')
})

lab('a daemon runs from the installed tree', async (lab) => {
  const host = lab.host('router', { eth0: { segment: lab.segment(), addresses: ['192.0.2.11/24'] } })
  const installed = join(destination, 'usr/lib/holdfast')
  const daemon = await host.holdfastd(instance({ version: 3, advertInt: 0.1, priority: 100 }), { root: installed })
  await host.holds(VIRTUAL_ADDRESS)
  await daemon.stop()
  expect(host.has(VIRTUAL_ADDRESS)).toBe(false)
})
