/**
 * The same configuration and the same doings of real servers, under Debian's keepalived and under Holdfast over the kernel's
 * IPVS, side by side: after each cause the same lines in the same order, the same table, and both within one delay_loop.
 */
import { expect } from 'vitest'
import { lab } from '../lab/lab-test.ts'
import { nowMillis, until } from '../lab/library/wait.ts'
import { within } from './both-daemons.ts'
import { DELAY_LOOP, type Director, FIRST, openDirector, type Variant, weightIn } from './checkers-scene.ts'

/** Seconds that what is emulated may take besides, beside other work. */
const SLACK = 20
/** The port of the sorry server. */
const SORRY = 80

type Cause = {
  readonly cause: string
  readonly act: (director: Director) => unknown
  /** That it brings. */
  readonly lines: number
  readonly settled: (weight: (port: number) => number | undefined) => boolean
}

const RELOADED: Variant = { weight: 9, quorum: 2, second: true, third: true }

const script: readonly Cause[] = [
  {
    cause: 'a server with inhibit_on_failure and a retry stops',
    act: (director) => director.stop(8082),
    lines: 1,
    settled: (weight) => weight(8082) === 0,
  },
  {
    cause: 'the last one stops: the sorry server has its place',
    act: (director) => director.stop(8081),
    lines: 2,
    settled: (weight) => weight(SORRY) === 1 && weight(8081) === undefined,
  },
  {
    cause: 'one comes back, which is no quorum',
    act: (director) => director.listen(8082),
    lines: 1,
    settled: (weight) => weight(SORRY) === 1,
  },
  {
    cause: 'so does the other, which is',
    act: (director) => director.listen(8081),
    lines: 2,
    settled: (weight) => weight(SORRY) === 0 && weight(8081) === 3,
  },
  {
    cause: 'the page of a server goes, behind a firewall mark; of a group one is weighed by its script, one by a file',
    act(director) {
      director.remove('ok')
      director.write('code', '9\n')
      director.write('number', '3\n')
    },
    lines: 1,
    settled: (weight) => weight(8083) === undefined && weight(8085) === 7 && weight(8086) === 10,
  },
  {
    cause: 'the other of the service stops as well, whose retry is the service’s',
    act: (director) => director.stop(8084),
    lines: 2,
    settled: (weight) => weight(8084) === undefined,
  },
  {
    cause: 'a reload gives a weight, a quorum and a server, while one is down',
    act: (director) => director.reload(RELOADED),
    lines: 0,
    settled: (weight) => weight(8081) === 9 && weight(8089) === 2 && weight(8083) === undefined,
  },
  {
    cause: 'the page is put back',
    act: (director) => director.write('ok', 'fine'),
    lines: 2,
    settled: (weight) => weight(8083) === 2,
  },
  {
    cause: 'the script of the group fails',
    act: (director) => director.write('code', '1\n'),
    lines: 1,
    settled: (weight) => weight(8085) === undefined,
  },
  {
    cause: 'the other server of the group is taken out by a reload',
    act: (director) => director.reload({ ...RELOADED, second: false }),
    lines: 2,
    settled: (weight) => weight(8086) === undefined,
  },
  {
    cause: 'the script is content again',
    // keepalived's reload gives the weight 0 to one whose script ended with 0.
    act: (director) => director.write('code', '9\n'),
    lines: 2,
    settled: (weight) => weight(8085) === 7,
  },
  {
    cause: 'a server with ha_suspend stops, unseen until the address comes',
    async act(director) {
      await director.stop(8087)
      director.address('add')
    },
    lines: 2,
    settled: (weight) => weight(8087) === undefined,
  },
  {
    cause: 'it is back',
    act: (director) => director.listen(8087),
    lines: 2,
    settled: (weight) => weight(8087) === 1,
  },
  {
    cause: 'it stops when the address has gone; a reload takes the first configuration back',
    async act(director) {
      director.address('del')
      await director.stop(8087)
      director.reload(FIRST)
    },
    lines: 1,
    settled: (weight) =>
      weight(8081) === 3 &&
      weight(8085) === 7 &&
      weight(8086) === 10 &&
      weight(8089) === undefined &&
      weight(8087) === 1,
  },
]

type Heard = {
  readonly cause: string
  readonly lines: readonly string[]
  readonly table: readonly string[]
  /** Seconds. */
  readonly took: number
}

/** Does what the cause says, and waits for what it brings. */
async function hear(
  director: Director,
  before: readonly Heard[],
  { cause, act, lines: count, settled }: Cause,
): Promise<Heard> {
  const known = before.reduce((sum, one) => sum + one.lines.length, 0)
  const from = nowMillis()
  await act(director)
  const table = await until(
    `${director.name}: ${cause}`,
    () => {
      const now = director.table()
      return director.lines().length >= known + count && settled((port) => weightIn(now, port)) ? now : undefined
    },
    {
      within,
      detail: () => `${director.lines().join('\n')}\n${director.table().join('\n')}\n${director.logs()}`,
    },
  )
  return { cause, lines: director.lines().slice(known), table, took: (nowMillis() - from) / 1_000 }
}

lab(
  'after each doing of the servers the same changes in the same order, and within one delay_loop',
  async (lab) => {
    const directors = [openDirector(lab, 'keepalived'), openDirector(lab, 'holdfast')] as const
    const heard: [Heard[], Heard[]] = [[], []]
    const both = async (cause: Cause): Promise<void> => {
      const [keepalived, holdfast] = await Promise.all([
        hear(directors[0], heard[0], cause),
        hear(directors[1], heard[1], cause),
      ])
      heard[0].push(keepalived)
      heard[1].push(holdfast)
    }
    await both({
      cause: 'the start',
      act: (director) => director.run(),
      // Of the service with alpha the servers have to be found up first, and before that its quorum is lost.
      lines: 6,
      settled: (weight) => weight(8083) === 2 && weight(8084) === 1,
    })
    for (const cause of script) await both(cause)
    await Promise.all(directors.map((director) => director.end()))
    const [keepalived, holdfast] = directors
    const [toKeepalived, toHoldfast] = heard
    const told = (all: readonly Heard[]) => all.map(({ cause, lines, table }) => ({ cause, lines, table }))
    const [keepalivedStart, ...keepalivedThen] = told(toKeepalived)
    const [holdfastStart, ...holdfastThen] = told(toHoldfast)
    // What is found up first at a start is a matter of chance.
    expect(holdfastStart?.lines.toSorted()).toEqual(keepalivedStart?.lines.toSorted())
    expect(holdfastStart?.table).toEqual(keepalivedStart?.table)
    expect(holdfastThen).toEqual(keepalivedThen)
    // The end: of the group, which has omega, it is told that all go down.
    expect(holdfast.lines()).toEqual(keepalived.lines())
    expect(holdfast.lines().length).toBeGreaterThan(told(toHoldfast).flatMap(({ lines }) => lines).length)
    expect(holdfast.told()).toEqual(keepalived.told())
    for (const [i, { cause, took }] of toKeepalived.entries())
      if (i > 0) expect(Math.abs(took - (toHoldfast[i]?.took ?? 0)), cause).toBeLessThan(DELAY_LOOP + SLACK)
    console.log(
      toKeepalived
        .map(({ cause, took }, i) => `${cause}: keepalived ${took} s, Holdfast ${toHoldfast[i]?.took} s`)
        .join('\n'),
    )
  },
  900_000,
)
