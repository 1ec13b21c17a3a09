/** FILE_CHECK: the number in a file decides about a real server or weighs it, and nothing is probed. */
import { expect, test } from 'vitest'
import type { FileChecker } from '../../../src/model/index.ts'
import { openWorld, real, tcp, timing, VIP, virtual } from './harness.ts'

const A = '10.0.0.1'
const file = (over: Partial<FileChecker> = {}): FileChecker => ({
  kind: 'file',
  timing,
  file: 'state',
  weight: 0,
  reverse: false,
  ...over,
})
const servers = (...checkers: readonly FileChecker[]) => [
  virtual([real(A, { weight: 10, checkers }), real('10.0.0.2', { checkers: [tcp('10.0.0.2')] })]),
]
const holds = (value: number, name = 'state') => [{ name, value }]
const tell = async (world: ReturnType<typeof openWorld>, value: number, name?: string) => {
  world.send({ type: 'tracked-files', files: holds(value, name) })
  await world.pass(0.5)
}
const saidOfA = (world: ReturnType<typeof openWorld>) =>
  world.said('real-server-health').filter(({ record }) => record.realServerKey === '10.0.0.1:80')
const weightOfA = (world: ReturnType<typeof openWorld>) => world.table()[VIP]?.['10.0.0.1:80']

test('it begins with what the file holds, without a word about it', async () => {
  const world = openWorld()
  await world.configure(servers(file()), [], holds(1))
  expect(weightOfA(world)).toBeUndefined()
  expect(saidOfA(world)).toEqual([])
  await tell(world, 0)
  expect(weightOfA(world)).toBe(10)
  expect(saidOfA(world)).toMatchObject([{ announce: true, record: { up: true } }])
  await tell(world, 3)
  expect(weightOfA(world)).toBeUndefined()
  expect(saidOfA(world).at(-1)).toMatchObject({
    announce: true,
    record: { up: false, reason: 'FILE_CHECK state: file state holds 3' },
  })
  expect(world.probes.some((probe) => probe.includes(A))).toBe(false)
})

test('with a weight it moves that of the server, and several add up', async () => {
  const world = openWorld()
  await world.configure(
    servers(file({ weight: 2 }), file({ file: 'other', weight: 1, reverse: true })),
    [],
    [...holds(5), ...holds(0, 'other')],
  )
  expect(weightOfA(world)).toBe(20)
  await tell(world, 4, 'other')
  expect(weightOfA(world)).toBe(16)
  await tell(world, -50)
  expect(weightOfA(world)).toBe(0)
  await tell(world, 0)
  expect(weightOfA(world)).toBe(6)
})

test('a reload that changes the weight counts at once', async () => {
  const world = openWorld()
  await world.configure(servers(file({ weight: 2 })), [], holds(5))
  await world.configure(servers(file({ weight: 3 })), [], holds(5))
  expect(weightOfA(world)).toBe(25)
  await world.configure(servers(file()), [], holds(5))
  expect(weightOfA(world)).toBeUndefined()
  expect(saidOfA(world).at(-1)).toMatchObject({ announce: true, record: { up: false } })
})
