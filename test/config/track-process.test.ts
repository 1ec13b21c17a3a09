import { expect, test } from 'vitest'
import { load, told } from './files.ts'

const instance = (lines = 'track_process {\nweb\n}') =>
  `vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress { 192.0.2.1 }\n${lines}\n}\n`
const block = (lines: string) => `vrrp_track_process web {\n${lines}\n}\n`

test('a process with its defaults', () => {
  const { model, diagnostics } = load(block('process nginx') + instance())
  expect(diagnostics).toEqual([])
  expect(model.trackProcesses).toEqual([
    {
      name: 'web',
      command: 'nginx',
      arguments: [],
      fullCommand: false,
      quorum: 1,
      forkDelay: 0,
      terminateDelay: 0,
    },
  ])
  expect(model.virtualRouters[0]?.tracks).toEqual([{ kind: 'process', name: 'web', weight: 0, reverse: false }])
})

test('a process with everything; a quoted word is one word', () => {
  const { model, diagnostics } = load(
    block(
      'process "/opt/a b" -x "c d"\nparam_match initial\nweight -10 reverse\nquorum 2\nquorum_max 4\ndelay 3\nfork_delay 0.5',
    ) + instance('track_process {\nweb weight 254\n}'),
  )
  expect(diagnostics).toEqual([])
  expect(model.trackProcesses).toEqual([
    {
      name: 'web',
      command: '/opt/a b',
      arguments: ['-x', 'c d'],
      fullCommand: true,
      match: 'initial',
      quorum: 2,
      most: 4,
      forkDelay: 500_000,
      terminateDelay: 3_000_000,
      weight: { weight: -10, reverse: true },
    },
  ])
  expect(model.virtualRouters[0]?.tracks).toEqual([{ kind: 'process', name: 'web', weight: 254, reverse: true }])
})

const implied: readonly [lines: string, match: string | undefined, fullCommand: boolean, quorum: number][] = [
  ['process a b', 'exact', true, 1],
  ['process a\nparam_match', 'exact', true, 1],
  ['process a\nfull_command', undefined, true, 1],
  ['process a\nquorum_max 0', undefined, false, 0],
]
for (const [lines, match, fullCommand, quorum] of implied)
  test(`${lines.replaceAll('\n', ', ')} means ${match ?? 'no match'}, ${fullCommand ? 'full command' : 'name'}, quorum ${quorum}`, () => {
    const [one] = load(block(lines) + instance()).model.trackProcesses
    expect([one?.match, one?.fullCommand, one?.quorum]).toEqual([match, fullCommand, quorum])
  })

const wrong: readonly [text: string, complaint: string][] = [
  [block('quorum 1') + instance(), '1:1 error object: vrrp_track_process web has no process; it is left out'],
  [
    block('process a\nquorum 3\nquorum_max 2') + instance(),
    '4:1 error object: vrrp_track_process web has a quorum_max 2 below its quorum 3; it is left out',
  ],
  [block('process a\nprocess b') + instance(), '3:1 warning remark: process is given already; the first one is used'],
  [
    block('process a\nparam_match some') + instance(),
    '3:13 error value: param_match some is neither initial nor partial; the line has no effect',
  ],
  [
    block('process a\nfork_delay 3601') + instance(),
    '3:12 error value: fork_delay 3601 is not a number of seconds from 0.000001 to 3600; the line has no effect',
  ],
  [block('process a'), '1:1 warning remark: vrrp_track_process web is tracked by nothing; it is left out'],
  [instance(), '6:1 error value: there is no vrrp_track_process web; it is not tracked'],
]
for (const [text, complaint] of wrong)
  test(complaint.slice(0, 100), () => {
    expect(told(load(text))).toContain(complaint)
  })
