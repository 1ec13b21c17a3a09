import { neighbourText } from '../../model/index.ts'
import type { BfdSessionSnapshot } from '../../observe/index.ts'
import { count, since } from './amounts.ts'
import { cell, heading, right } from './cells.ts'
import type { Palette } from './palette.ts'
import { reasonsText } from './reasons-text.ts'
import { type Row, table } from './table.ts'

/** A row for each BFD session, and below it what is wrong with it. */
export function sessionsText(
  sessions: readonly BfdSessionSnapshot[],
  now: number,
  { title, quiet, good, bad, odd }: Palette,
  width: number | undefined,
): string {
  const shown = { up: good, init: undefined, down: bad, 'admin-down': quiet }
  const head = heading(
    title,
    ['BFD SESSION'],
    ['NEIGHBOUR', 4],
    ['STATE'],
    ['FOR', 1],
    ['REMOTE', 2],
    ['>SENDS EVERY', 6],
    ['>DETECTS IN', 3],
    ['>SENT', 7],
    ['>RECEIVED', 5],
  )
  const rows = sessions.flatMap((one): Row[] => {
    const { remote, drops } = one
    const rejected = Object.keys(drops).length > 0
    return [
      [
        cell(one.name),
        cell(`${neighbourText(one)}${one.multihop ? ' multihop' : ''}`),
        cell(one.state.toUpperCase(), shown[one.state]),
        cell(since(one.since, now)),
        cell(remote === undefined ? '-' : remote.state.toUpperCase()),
        right(one.transmitInterval === undefined ? '-' : millis(one.transmitInterval)),
        right(one.detectionTime === undefined ? '-' : millis(one.detectionTime)),
        right(count(one.packetsSent)),
        right(count(one.packetsReceived)),
      ],
      ...(one.failure === undefined ? [] : [{ note: `  ${one.failure}`, show: bad }]),
      ...(one.diagnostic === undefined
        ? []
        : [{ note: `  ${one.diagnostic}`, show: one.state === 'up' ? quiet : bad }]),
      ...(remote?.diagnostic === undefined ? [] : [{ note: `  the neighbour says: ${remote.diagnostic}`, show: odd }]),
      ...(one.path === 'good' && one.state !== 'up'
        ? [{ note: '  trackers take it for good: the neighbour ended it in order', show: odd }]
        : []),
      ...(rejected ? [{ note: `  refused: ${reasonsText(drops)}`, show: odd }] : []),
      ...(one.unclaimed === undefined
        ? []
        : [{ note: `  kept back by the kernel: ${count(one.unclaimed)} to its port`, show: quiet }]),
    ]
  })
  return table([head, ...rows], width)
}

const millis = (seconds: number): string => `${Math.round(seconds * 1_000_000) / 1_000} ms`
