/** Thousands of real servers in one virtual server: what one of them comes to must not cost a look at all of them. */
import { expect, test, vi } from 'vitest'
import { openWorld, real, tcp, VIP, virtual } from './harness.ts'

const { weighed } = vi.hoisted(() => ({ weighed: vi.fn() }))

vi.mock(import('../../../src/proto/virtual-server/index.ts'), async (original) => {
  const actual = await original()
  return {
    ...actual,
    weightOf(...server) {
      weighed()
      return actual.weightOf(...server)
    },
  }
})

const MANY = 2_000
/** What a panic keeps is 1 % of them. */
const KEPT = MANY / 100
/** Looks at a server in a round in which all change: its own change, and batches to the table. */
const MOST_LOOKS = 20

for (const panicThreshold of [undefined, 1])
  test(`they fail together and come back, panic_threshold ${panicThreshold ?? 'off'}`, async () => {
    const world = openWorld()
    const addresses = Array.from({ length: MANY }, (_, i) => `10.0.${i >> 8}.${i & 255}`)
    const servers = addresses.map((at) => real(at, { checkers: [tcp(at, 80, { retry: 0 })] }))
    await world.configure([
      virtual(servers, { quorum: KEPT, ...(panicThreshold === undefined ? {} : { panicThreshold }) }),
    ])
    await world.pass(2)
    const told = () => ({
      inTable: Object.keys(world.table()[VIP] ?? {}).length,
      quorums: world.said('quorum').map(({ up }) => up),
    })

    weighed.mockClear()
    for (const at of addresses) world.answers.set(`${at}:80`, 'reset')
    await world.pass(10)
    expect(world.said('real-server-health').filter(({ record }) => !record.up)).toHaveLength(MANY)
    const panics = panicThreshold !== undefined
    expect(told()).toEqual(panics ? { inTable: KEPT, quorums: [true] } : { inTable: 0, quorums: [true, false] })

    world.answers.clear()
    await world.pass(10)
    expect(told()).toEqual({ inTable: MANY, quorums: panics ? [true] : [true, false, true] })
    expect(weighed.mock.calls.length).toBeLessThan(2 * MOST_LOOKS * MANY)
  })
