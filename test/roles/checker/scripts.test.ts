/** MISC_CHECK in the checker role: it asks for its script to be run, and takes verdict and weight from how that ended. */
import { expect, test } from 'vitest'
import { seconds } from '../../../src/base/index.ts'
import type { MiscChecker } from '../../../src/model/index.ts'
import { question } from '../../../src/proto/health/index.ts'
import type { ScriptEnd } from '../../../src/proto/probe/index.ts'
import { openWorld, real, tcp, timing, VIP, virtual } from './harness.ts'

const misc: MiscChecker = {
  kind: 'misc',
  timing: { ...timing, retry: 0 },
  command: { argv: ['/bin/chk', 'x'] },
  timeout: seconds(6),
  dynamicFrom: 10,
}
const A = '10.0.0.1'
const weights = (a: number) => ({ [VIP]: { '10.0.0.1:80': a, '10.0.0.2:80': 1 } })
const servers = [
  virtual([real(A, { weight: 10, checkers: [misc] }), real('10.0.0.2', { checkers: [tcp('10.0.0.2')] })]),
]

async function running() {
  const world = openWorld()
  await world.configure(servers)
  const end = async (how: ScriptEnd) => {
    const { id } = world.said('run-script').at(-1) ?? { id: -1 }
    world.send({ type: 'script-ended', id, end: how })
    await new Promise((resolve) => setImmediate(resolve))
    await world.pass(0.5)
  }
  return { world, end }
}

test('it names the script by what the checker asks, and the next run is due a delay_loop after the start', async () => {
  const { world, end } = await running()
  await world.pass(5)
  expect(world.said('run-script')).toEqual([{ type: 'run-script', id: 1, script: question(misc) }])
  await end({ type: 'exited', code: 0 })
  // It began at 1 s, took until 5 s, and delay_loop is 6 s.
  await world.pass(1.4)
  expect(world.said('run-script')).toHaveLength(1)
  await world.pass(0.1)
  expect(world.said('run-script')).toHaveLength(2)
  // One that takes longer than delay_loop is followed by the next at once.
  await world.pass(9)
  await end({ type: 'exited', code: 0 })
  expect(world.said('run-script')).toHaveLength(3)
})

test('misc_dynamic moves the weight, and a failure takes the server out', async () => {
  const { world, end } = await running()
  expect(world.table()).toEqual(weights(10))
  const step = async (how: ScriptEnd) => {
    await world.pass(6)
    await end(how)
  }
  await step({ type: 'exited', code: 5 })
  expect(world.table()).toEqual(weights(3))
  await step({ type: 'exited', code: 255 })
  expect(world.table()).toEqual(weights(253))
  await step({ type: 'exited', code: 2 })
  expect(world.table()).toEqual(weights(0))
  await step({ type: 'exited', code: 0 })
  expect(world.table()).toEqual(weights(10))
  await step({ type: 'timed-out' })
  expect(world.table()).toEqual({ [VIP]: { '10.0.0.2:80': 1 } })
  await step({ type: 'not-run', reason: 'gone' })
  expect(world.table()).toEqual({ [VIP]: { '10.0.0.2:80': 1 } })
  await step({ type: 'exited', code: 3 })
  expect(world.table()).toEqual(weights(1))
})

test('a checker that is not there any more has its script ended', async () => {
  const { world } = await running()
  await world.pass(2)
  await world.configure([virtual([real('10.0.0.2')])])
  expect(world.said('end-script')).toEqual([{ type: 'end-script', id: 1 }])
  // A late word about it is nothing to anybody.
  world.send({ type: 'script-ended', id: 1, end: { type: 'exited', code: 1 } })
  await world.pass(1)
  expect(world.table()).toEqual({ [VIP]: { '10.0.0.2:80': 1 } })
})
