import { describe, expect, test } from 'vitest'
import { instant, micros, seconds } from '../../../src/base/index.ts'
import type { TrackProcess } from '../../../src/model/index.ts'
import {
  countOf,
  emptyCensus,
  initialQuorum,
  isMeant,
  quorumHolds,
  stepCensus,
  stepQuorum,
  takeCensus,
} from '../../../src/proto/track-process/index.ts'

const track: TrackProcess = {
  name: 'web',
  command: 'nginx',
  arguments: [],
  fullCommand: false,
  quorum: 1,
  forkDelay: micros(0),
  terminateDelay: micros(0),
}
const full = (command: string, match?: TrackProcess['match'], ...args: string[]): TrackProcess => ({
  ...track,
  command,
  fullCommand: true,
  arguments: args,
  ...(match === undefined ? {} : { match }),
})
const process = (name: string, line: string) => ({ name, arguments: line === '' ? [] : line.split(' ') })

describe('which process is meant', () => {
  const rows: readonly [rule: string, of: TrackProcess, name: string, line: string, meant: boolean][] = [
    ['the kernel’s name', track, 'nginx', '/usr/sbin/nginx -g x', true],
    ['not what only begins with it', track, 'nginx-debug', 'nginx-debug', false],
    ['the last part of a path', { ...track, command: '/usr/sbin/nginx' }, 'nginx', '', true],
    ['the first 15 bytes', { ...track, command: 'a-very-long-name-of-it' }, 'a-very-long-nam', '', true],
    [
      'by full_command what the command line begins with',
      full('/usr/sbin/nginx'),
      'other',
      '/usr/sbin/nginx -g x',
      true,
    ],
    ['and not another path', full('nginx'), 'nginx', '/usr/sbin/nginx -g x', false],
    ['exact: the same arguments', full('a', 'exact', 'b', 'c'), 'a', 'a b c', true],
    ['exact: not more', full('a', 'exact', 'b'), 'a', 'a b c', false],
    ['exact: not fewer', full('a', 'exact', 'b', 'c'), 'a', 'a b', false],
    ['exact without arguments: none', full('a', 'exact'), 'a', 'a', true],
    ['exact without arguments: not one', full('a', 'exact'), 'a', 'a b', false],
    ['partial: more may follow', full('a', 'partial', 'b'), 'a', 'a b c', true],
    ['partial: the first ones are the same', full('a', 'partial', 'b'), 'a', 'a bb c', false],
    ['initial: the last may go on', full('a', 'initial', 'b', 'c'), 'a', 'a b cd e', true],
    ['initial: the others may not', full('a', 'initial', 'b', 'c'), 'a', 'a bb c', false],
    ['a thread of the kernel has no command line', full('kthreadd'), 'kthreadd', '', false],
  ]
  for (const [rule, of, name, line, meant] of rows)
    test(rule, () => {
      expect(isMeant(of, process(name, line))).toBe(meant)
    })
})

describe('the census', () => {
  const nginx = process('nginx', 'nginx')
  const begun = takeCensus(
    [track],
    [
      [10, nginx],
      [11, process('bash', 'bash')],
    ],
  )

  test('counts those that are meant', () => {
    expect([countOf(begun, 'web'), countOf(emptyCensus, 'web')]).toEqual([1, 0])
  })

  test('a forked one is what its parent is, until it executes', () => {
    const forked = stepCensus([track], begun, 12, { parent: 10 })
    expect(countOf(forked, 'web')).toBe(2)
    expect(countOf(stepCensus([track], forked, 12, { found: process('sh', 'sh') }), 'web')).toBe(1)
    expect(stepCensus([track], begun, 13, { parent: 11 })).toBe(begun)
  })

  test('an end, also one told twice, and one of nobody', () => {
    const ended = stepCensus([track], begun, 10, { found: undefined })
    expect(countOf(ended, 'web')).toBe(0)
    expect(stepCensus([track], ended, 10, { found: undefined })).toBe(ended)
  })

  test('another name', () => {
    expect(countOf(stepCensus([track], begun, 11, { found: nginx }), 'web')).toBe(2)
  })
})

describe('the quorum', () => {
  const at = (of: number) => instant(of * 1_000_000)

  test('is between the least and the most', () => {
    const some = { ...track, quorum: 2, most: 3 }
    expect([1, 2, 3, 4].map((count) => quorumHolds(some, count))).toEqual([false, true, true, false])
    expect([0, 1].map((count) => quorumHolds({ ...track, quorum: 0, most: 0 }, count))).toEqual([true, false])
  })

  test('without delays counts at once', () => {
    const begun = initialQuorum(track, 0)
    expect(begun).toEqual({ count: 0, holds: false })
    expect(stepQuorum(track, begun, 1, at(1))).toEqual({ count: 1, holds: true })
  })

  test('what is gained counts after fork_delay, what is lost after terminate_delay', () => {
    const slow = { ...track, forkDelay: seconds(2), terminateDelay: seconds(5) }
    const gained = stepQuorum(slow, initialQuorum(slow, 0), 1, at(10))
    expect(gained).toEqual({ count: 1, holds: false, changesAt: at(12) })
    // Another one does not begin the wait anew.
    const more = stepQuorum(slow, gained, 2, at(11))
    expect(more.changesAt).toBe(at(12))
    const held = stepQuorum(slow, more, 2, at(12))
    expect(held).toEqual({ count: 2, holds: true })
    expect(stepQuorum(slow, held, 0, at(20))).toEqual({ count: 0, holds: true, changesAt: at(25) })
  })

  test('what comes back in time makes no difference', () => {
    const slow = { ...track, terminateDelay: seconds(5) }
    const lost = stepQuorum(slow, initialQuorum(slow, 1), 0, at(10))
    expect(stepQuorum(slow, lost, 1, at(14))).toEqual({ count: 1, holds: true })
  })
})
