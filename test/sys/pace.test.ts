import { expect, test } from 'vitest'
import { openPace } from '../../src/sys/socket/pace.ts'
import { until } from './namespaces.ts'

/** A socket of which the kernel says that it is readable when the test says so, and in which the nth reading finds so many. */
function socket(found: (reading: number) => number) {
  const told = { watched: 0, paused: 0, readings: 0, readable: () => {} }
  const pace = openPace(
    {
      closed: false,
      whenReadable(handler) {
        told.watched++
        told.readable = handler
        return 0
      },
      pause: () => void told.paused++,
    },
    () => {
      for (let left = found(++told.readings); left > 0; left--) pace.count()
    },
    (error) => expect.unreachable(`cannot be watched: ${error}`),
  )
  pace.begin()
  return { told, pace }
}

test('a calm socket is read whenever there is something', () => {
  const { told, pace } = socket(() => 31)
  told.readable()
  expect(told).toMatchObject({ watched: 1, paused: 0, readings: 1 })
  pace.end()
})

test('a busy one is read in turns, and watched again once it is calm', async () => {
  const { told, pace } = socket((reading) => (reading === 1 ? 32 : 1))
  told.readable()
  expect(told).toMatchObject({ watched: 1, paused: 1, readings: 1 })
  await until('it is watched again', () => told.watched === 2)
  expect(told.readings).toBe(1 + 32)
  pace.end()
})

test('as long as much comes it stays busy', async () => {
  const { told, pace } = socket((reading) => (reading === 1 ? 32 : 2))
  told.readable()
  await until('a hundred readings', () => told.readings > 100)
  expect(told).toMatchObject({ watched: 1, paused: 1 })
  pace.end()
})
