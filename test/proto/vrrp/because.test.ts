import { expect, test } from 'vitest'
import { address, instant, micros } from '../../../src/base/index.ts'
import { because, type Change } from '../../../src/proto/vrrp/index.ts'

const peer = address('192.0.2.2')
const self = address('192.0.2.1')
const backup = { name: 'backup', masterInterval: micros(1_000_000), downAt: instant(9_000_000) } as const
const master = { name: 'master', advertiseAt: instant(10_000_000) } as const

const change = (more: Partial<Change>): Change => ({
  event: { type: 'deadline-reached' },
  cause: 'master-silent',
  before: backup,
  after: master,
  now: instant(9_000_000),
  enteredAt: instant(1_000_000),
  lastHeard: undefined,
  group: undefined,
  ...more,
})
const heard = (priority: number, at: number) => ({ source: peer, priority, at: instant(at) })
const advert = (priority: number) =>
  ({ type: 'advertisement-received', priority, interval: micros(1_000_000), source: peer, self }) as const

const cases: readonly (readonly [string, Change, string])[] = [
  ['a start without a master', change({}), 'no master was heard for 8 s'],
  [
    'a master that fell silent',
    change({ lastHeard: heard(200, 5_391_000) }),
    'the master 192.0.2.2 (priority 200) was silent for 3.609 s',
  ],
  [
    'what was heard before the state was entered does not count',
    change({ lastHeard: heard(200, 500_000) }),
    'no master was heard for 8 s',
  ],
  [
    'a weaker master',
    change({ lastHeard: heard(100, 8_900_000) }),
    'its priority 150 is above 100, that of the master 192.0.2.2',
  ],
  [
    'a resignation',
    change({ cause: 'master-resigned', lastHeard: heard(0, 8_000_000) }),
    'the master 192.0.2.2 resigned (priority 0)',
  ],
  [
    'a stronger one',
    change({ cause: 'stronger-master', before: master, after: backup, event: advert(200) }),
    '192.0.2.2 advertises priority 200, above its 150',
  ],
  ['a stop', change({ cause: 'stopped', before: master, after: { name: 'initialize' } }), 'the daemon stops'],
  [
    'a stop with a successor',
    change({ cause: 'stopped', before: master, after: { name: 'initialize' }, event: advert(50) }),
    'the daemon stops, and 192.0.2.2 has taken its place',
  ],
  [
    'a tie',
    change({ cause: 'stronger-master', before: master, after: backup, event: advert(150) }),
    '192.0.2.2 has the same priority 150 and the higher address',
  ],
  [
    'a fault',
    change({ cause: 'fault', after: { name: 'fault', reason: 'eth0 is down' }, event: { type: 'fault-cleared' } }),
    'eth0 is down',
  ],
  [
    'the end of a fault',
    change({ cause: 'fault-cleared', before: { name: 'fault', reason: 'eth0 is down' }, after: backup }),
    'what kept it in fault is over (eth0 is down)',
  ],
  [
    'its sync group',
    change({ cause: 'sync-group', event: { type: 'group-became-master' }, group: 'G1' }),
    'its sync group G1 became master',
  ],
]

for (const [what, of, sentence] of cases)
  test(`${what} is told with its figures`, () => expect(because({ priority: 150 }, of)).toBe(sentence))
