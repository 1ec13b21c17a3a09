/** Many descriptors behind one: who is called, in whatever way the others end meanwhile. */
import { expect, test } from 'vitest'
import { hfsys } from '../../src/native/index.ts'
import { PolledDescriptor } from '../../src/sys/descriptor/index.ts'

/** Ready to be read at once, and until it is closed. */
function fired(): PolledDescriptor {
  const fd = hfsys().timerfdCreate()
  hfsys().timerfdSet(fd, 0)
  return new PolledDescriptor(fd)
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Turns of the event loop until it holds. */
async function until(claim: () => boolean): Promise<void> {
  for (let i = 0; i < 10_000 && !claim(); i++) await turn()
  expect(claim()).toBe(true)
}

test('all that are ready are told, be they more than one wake-up takes', async () => {
  const told = new Set<number>()
  const all = Array.from({ length: 600 }, fired)
  for (const one of all)
    one.whenReadable(() => {
      told.add(one.fd)
      one.close()
    })
  const wanted = new Set(all.map(({ fd }) => fd))
  await until(() => told.size === 600)
  expect(told).toEqual(wanted)
})

test('one that another closes in the same wake-up is not called, nor is who has its number then', async () => {
  const [a, b] = [fired(), fired()]
  const told: string[] = []
  let heir: PolledDescriptor | undefined
  const closeOther = (name: string, other: PolledDescriptor) => () => {
    told.push(name)
    other.close()
    heir ??= new PolledDescriptor(hfsys().timerfdCreate())
    heir.whenReadable(() => told.push('heir'))
    ;(name === 'a' ? a : b).close()
  }
  a.whenReadable(closeOther('a', b))
  b.whenReadable(closeOther('b', a))
  await until(() => told.length > 0)
  for (let i = 0; i < 10; i++) await turn()
  expect(told).toHaveLength(1)
  expect(heir?.fd).toBe(told[0] === 'a' ? b.fd : a.fd)
  heir?.close()
})

test('waits for one thing at a time: the last that was asked for', async () => {
  const one = fired()
  const told: string[] = []
  one.whenReadable(() => told.push('first'))
  one.whenReadable(() => told.push('second'))
  await until(() => told.length >= 2)
  one.close()
  expect(new Set(told)).toEqual(new Set(['second']))
})

test('is called again until the cause is cleared, and never once it is released', async () => {
  const one = fired()
  let calls = 0
  one.whenReadable(() => calls++)
  await until(() => calls >= 3)
  const fd = one.release()
  const before = calls
  for (let i = 0; i < 10; i++) await turn()
  expect(calls).toBe(before)
  // It is open, and the caller's.
  expect(hfsys().read(fd, new Uint8Array(8))).toBe(8)
  hfsys().close(fd)
})

test('that cannot be polled is an outcome', () => {
  expect(new PolledDescriptor(9999).whenReadable(() => {})).toBe(-9)
})
