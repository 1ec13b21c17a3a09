import fc from 'fast-check'
import { expect, test } from 'vitest'
import { instant } from '../../../src/base/index.ts'
import { DeadlineQueue, NOWHERE, type Queued } from '../../../src/roles/checker/deadline-queue.ts'

test('the queue gives out items in the order of their latest deadlines, like a sorted list', () => {
  const command = fc.oneof(
    fc.tuple(fc.constant('set'), fc.nat(12), fc.nat(30)),
    fc.tuple(fc.constant('delete'), fc.nat(12), fc.constant(0)),
    fc.tuple(fc.constant('take'), fc.constant(0), fc.nat(30)),
  )
  fc.assert(
    fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
      const queue = new DeadlineQueue<Queued & { readonly name: number }>()
      const items = Array.from({ length: 13 }, (_, name) => ({ name, place: NOWHERE }))
      const model = new Map<number, number>()
      for (const [what, name, at] of commands) {
        const item = items[name] as (typeof items)[number]
        if (what === 'set') {
          queue.set(item, instant(at))
          model.set(name, at)
        } else if (what === 'delete') {
          queue.delete(item)
          model.delete(name)
        } else {
          const taken = queue.takeDue(instant(at))
          const earliest = Math.min(...model.values())
          if (earliest > at) expect(taken).toBeUndefined()
          else {
            expect(model.get(taken?.name as number)).toBe(earliest)
            model.delete(taken?.name as number)
          }
        }
        expect(queue.size).toBe(model.size)
        expect(queue.earliest).toBe(model.size === 0 ? undefined : Math.min(...model.values()))
      }
    }),
  )
})
