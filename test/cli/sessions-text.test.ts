import { expect, test } from 'vitest'
import { address } from '../../src/base/index.ts'
import { paletteFor } from '../../src/cli/status/palette.ts'
import { sessionsText } from '../../src/cli/status/sessions-text.ts'
import type { BfdSessionSnapshot } from '../../src/observe/index.ts'

const now = Date.parse('2026-01-02T00:00:00Z')
const up: BfdSessionSnapshot = {
  name: 'gateway',
  neighbour: address('198.51.100.1'),
  multihop: false,
  passive: false,
  state: 'up',
  since: '2026-01-01T23:59:00Z',
  path: 'good',
  discriminator: 7,
  sourcePort: 50_000,
  multiplier: 3,
  minTransmit: 0.05,
  minReceive: 0.05,
  transmitInterval: 0.05,
  detectionTime: 0.15,
  remote: { state: 'up', discriminator: 9, multiplier: 3, minTransmit: 0.05, minReceive: 0.0125 },
  packetsSent: 234,
  packetsReceived: 230,
  drops: {},
}
const { transmitInterval: _, detectionTime: __, remote: ___, ...silent } = up
const text = (...sessions: BfdSessionSnapshot[]) =>
  sessionsText(sessions, now, paletteFor(false), undefined)
    .split('\n')
    .map((line) => line.trimEnd().replace(/ {2,}/g, '  '))

test('a row for a session that is up, and nothing below it', () => {
  expect(text(up)).toEqual([
    'BFD SESSION  NEIGHBOUR  STATE  FOR  REMOTE  SENDS EVERY  DETECTS IN  SENT  RECEIVED',
    'gateway  198.51.100.1  UP  1m  UP  50 ms  150 ms  234  230',
    '',
  ])
})

test('one that is lost says why, what was refused, and what stands in its way', () => {
  expect(
    text({
      ...silent,
      state: 'down',
      path: 'bad',
      multihop: true,
      diagnostic: 'control detection time expired',
      drops: { 'hop-limit': 3, session: 1 },
      unclaimed: 12,
      failure: 'UDP port 4784: bind: taken',
    }).slice(1),
  ).toEqual([
    'gateway  198.51.100.1 multihop  DOWN  1m  -  -  -  234  230',
    '  UDP port 4784: bind: taken',
    '  control detection time expired',
    '  refused: 3 hop-limit, 1 session',
    '  kept back by the kernel: 12 to its port',
    '',
  ])
})

test('one that its neighbour ended in order says that trackers are not told', () => {
  const remote = {
    ...(up.remote as NonNullable<typeof up.remote>),
    state: 'admin-down',
    diagnostic: 'path down',
  } as const
  expect(text({ ...up, state: 'down', diagnostic: 'neighbour signalled session down', remote }).slice(2)).toEqual([
    '  neighbour signalled session down',
    '  the neighbour says: path down',
    '  trackers take it for good: the neighbour ended it in order',
    '',
  ])
})
