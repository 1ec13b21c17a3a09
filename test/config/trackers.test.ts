import { expect, test } from 'vitest'
import { load, told } from './files.ts'

const instance = (lines: string) =>
  `vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress { 192.0.2.1 }\n${lines}\n}\n`
const chk = 'vrrp_script chk {\nscript "/bin/chk -a \'b c\'" alice\nweight -5 reverse\n}\n'
const tracked = 'track_script {\nchk\n}'

test('a script with its defaults, tracked at its own weight', () => {
  const { model, diagnostics } = load(chk + instance(tracked))
  expect(diagnostics).toEqual([])
  expect(model.trackScripts).toEqual([
    {
      name: 'chk',
      weight: { weight: -5, reverse: true },
      command: { argv: ['/bin/chk', '-a', 'b c'], user: 'alice' },
      interval: 1_000_000,
      timeout: 1_000_000,
      rise: 1,
      fall: 1,
      initFail: false,
    },
  ])
  expect(model.virtualRouters[0]?.tracks).toEqual([{ kind: 'script', name: 'chk', weight: -5, reverse: true }])
})

test('a script with everything, and lines that say otherwise', () => {
  const { model } = load(
    `vrrp_script chk {\nscript "</run/ok"\ninterval 2.5\ntimeout 0.5\nrise 3\nfall 2\nuser bob staff\ninit_fail\n}\n${instance('track_script {\nchk weight 7 noreverse\n}\ntrack_interface {\neth1 weight -20\neth2\neth0\n}')}`,
  )
  expect(model.trackScripts[0]).toEqual({
    name: 'chk',
    command: { argv: ['/bin/sh', '-c', ': </run/ok'], user: 'bob', group: 'staff' },
    interval: 2_500_000,
    timeout: 500_000,
    rise: 3,
    fall: 2,
    initFail: true,
  })
  // Its own interface is tracked anyway.
  expect(model.virtualRouters[0]?.tracks.map(({ kind, name, weight }) => `${kind} ${name} ${weight}`)).toEqual([
    'interface eth1 -20',
    'interface eth2 0',
    'script chk 7',
  ])
})

test('files', () => {
  const { model } = load(
    `track_file load {\nfile /run/load\nweight 3 reverse\ninit_file 5 overwrite\n}\n${instance('track_file {\nload\n}')}`,
  )
  expect(model.trackFiles).toEqual([
    { name: 'load', path: '/run/load', weight: { weight: 3, reverse: true }, init: { value: 5, overwrite: true } },
  ])
  expect(model.virtualRouters[0]?.tracks).toEqual([{ kind: 'file', name: 'load', weight: 3, reverse: true }])
})

test('a sync group tracks for its members', () => {
  const { model } = load(
    `vrrp_sync_group VG {\ngroup { VI_1 }\ntrack_interface {\neth3 weight 4\n}\nglobal_tracking\n}\n${instance('')}`,
  )
  expect(model.syncGroups[0]).toMatchObject({
    trackingWeight: true,
    tracks: [{ kind: 'interface', name: 'eth3', weight: 4, reverse: false }],
  })
})

const rows: readonly [rule: string, text: string, complaint: string][] = [
  [
    'an unknown script',
    instance('track_script {\nnone\n}'),
    '6:1 error value: there is no vrrp_script none; it is not tracked',
  ],
  [
    'a weight out of range',
    chk + instance('track_script {\nchk weight 254\n}'),
    'weight 254 is not a whole number from -253 to 253',
  ],
  ['a weight without number', chk + instance('track_script {\nchk weight\n}'), 'weight needs a whole number'],
  [
    'twice in one list',
    chk + instance('track_script {\nchk\nchk\n}'),
    'chk is tracked already; the line has no effect',
  ],
  ['a script that nothing tracks', chk + instance(''), 'vrrp_script chk is tracked by nothing; it is left out'],
  ['a script of a name twice', chk + chk + instance(tracked), 'vrrp_script chk is there twice; the second is left out'],
  [
    'a script without command',
    `vrrp_script chk {\n}\n${instance('')}`,
    'vrrp_script chk has no script; it is left out',
  ],
  ['a file without path', `track_file f {\n}\n${instance('')}`, 'track_file f has no file; it is left out'],
  ['an old word', `vrrp_track_file f {\nfile /x\n}\n${instance('')}`, 'vrrp_track_file is an old word for track_file'],
]
for (const [rule, text, complaint] of rows)
  test(`${rule} is complained of`, () => expect(told(load(text)).join('\n')).toContain(complaint))

test('a script that cannot be executed is left out with all that tracks it', () => {
  const loaded = load(chk + instance(tracked), {}, { isExecutable: () => false })
  expect(told(loaded).join('\n')).toContain('/bin/chk is not there or not executable; vrrp_script chk is left out')
  expect(loaded.model.trackScripts).toEqual([])
  expect(loaded.model.virtualRouters[0]?.tracks).toEqual([])
})
