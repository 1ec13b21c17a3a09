/** The filter in the kernel, on real sockets. */
import { afterAll, describe, expect, test } from 'vitest'
import { address, type IpAddress } from '../../src/base/index.ts'
import { type FloodGuard, type GuardedSocket, openFloodGuard } from '../../src/sys/flood-guard/index.ts'
import { openVrrpSocket, type VrrpSocket } from '../../src/sys/socket/index.ts'
import { must, neighbours, until } from './namespaces.ts'

const [left, right] = neighbours('fe80::1/64', 'fe80::2/64')

const opened = openFloodGuard()
const guard: FloodGuard = must(opened)
afterAll(() => guard.close())

const families = [
  { family: 4, source: address('192.0.2.1'), group: address('224.0.0.18') },
  { family: 6, source: address('fe80::1'), group: address('ff02::12') },
] as const

type Pair = { send(payload: Uint8Array, hopLimit?: number): void; heard: string[]; socket: VrrpSocket; close(): void }

function pair(family: 4 | 6, source: IpAddress, group: IpAddress): Pair {
  const heard: string[] = []
  const open = (groups: readonly IpAddress[]) =>
    must(
      openVrrpSocket({
        family,
        interface: 'eth0',
        groups,
        onDatagram: ({ payload }) => heard.push(Buffer.from(payload).toString('hex')),
        onError(error) {
          throw new Error(error.message)
        },
      }),
    )
  const [sender, socket] = [left.within(() => open([])), right.within(() => open([group]))]
  return {
    send: (payload, hopLimit = 255) => void must(sender.send({ payload, source, destination: group, hopLimit })),
    heard,
    socket,
    close() {
      sender.close()
      socket.close()
    },
  }
}

/** Everything that was sent before it has been judged when this one is heard. */
async function told(one: Pair, last: Uint8Array): Promise<string[]> {
  one.send(last)
  const text = Buffer.from(last).toString('hex')
  await until('the last one', () => one.heard.includes(text))
  return one.heard.filter((payload) => payload !== text)
}

const message = (virtualRouterId: number, ...more: readonly number[]) => Uint8Array.of(0x31, virtualRouterId, ...more)

const sum = (guarded: GuardedSocket) => {
  const { unknown, repeated } = guarded.takenOut()
  return { unknown, repeated: [...repeated] }
}

describe.each(families)('IPv$family', ({ family, source, group }) => {
  test('a datagram for a virtual router that is not to be heard is counted, and nobody is woken', async () => {
    const one = pair(family, source, group)
    const guarded = must(one.socket.protect(guard))
    guarded.hear([51, 255])
    for (let id = 49; id < 54; id++) one.send(message(id))
    expect(await told(one, message(255, 1))).toEqual(['3133'])
    expect(sum(guarded)).toEqual({ unknown: 4, repeated: [] })
    expect(sum(guarded)).toEqual({ unknown: 0, repeated: [] })
    one.close()
  })

  test('what comes again at once is counted for its virtual router; what differs in a byte or the hop limit is heard', async () => {
    const one = pair(family, source, group)
    const guarded = must(one.socket.protect(guard))
    // The test may be slow: what is later than five milliseconds after the first is heard again. All is counted or heard.
    for (let i = 0; i < 1000; i++) one.send(message(51, 1))
    one.send(message(51, 2))
    one.send(message(51, 1, 0))
    const heard = await told(one, message(52, 1))
    const { unknown, repeated } = guarded.takenOut()
    expect(unknown).toBe(0)
    expect([...repeated.keys()]).toEqual([51])
    expect(repeated.get(51)).toBeGreaterThan(500)
    expect(heard.filter((payload) => payload === '313301').length + (repeated.get(51) ?? 0)).toBe(1000)
    expect(heard).toEqual(expect.arrayContaining(['313302', '31330100']))
    one.close()
  })

  test('with a hop limit that multicast never has, a stranger’s bytes do not matter', async () => {
    const one = pair(family, source, group)
    const guarded = must(one.socket.protect(guard))
    for (let i = 0; i < 1000; i++) one.send(message(51, i >> 8, i & 0xff), 64)
    one.send(message(51, 1))
    const heard = await told(one, message(52, 1))
    const { repeated } = guarded.takenOut()
    expect(repeated.get(51)).toBeGreaterThan(500)
    expect(heard.length - 1 + (repeated.get(51) ?? 0)).toBe(1000)
    expect(heard).toContain('313301')
    one.close()
  })

  test('what is longer than the filter looks at, or too short to have an id, is heard', async () => {
    const one = pair(family, source, group)
    const guarded = must(one.socket.protect(guard))
    guarded.hear([51])
    const long = message(51, ...Array<number>(127).fill(7))
    for (const payload of [long, long, Uint8Array.of(0x31)]) one.send(payload)
    expect(await told(one, message(51, 9))).toHaveLength(3)
    expect(sum(guarded)).toEqual({ unknown: 0, repeated: [] })
    one.close()
  })

  test('once released all is heard, and what was taken out is told once more', async () => {
    const one = pair(family, source, group)
    const guarded = must(one.socket.protect(guard))
    guarded.hear([51])
    one.send(message(7))
    await told(one, message(51, 1))
    guarded.release()
    guarded.release()
    one.send(message(7))
    one.send(message(7))
    expect(await told(one, message(51, 2))).toEqual(['313301', '3107', '3107'])
    expect(sum(guarded)).toEqual({ unknown: 1, repeated: [] })
    one.close()
  })
})

test('two sockets under one guard have counters of their own', async () => {
  const [four, six] = families.map(({ family, source, group }) => pair(family, source, group)) as [Pair, Pair]
  const guarded = [four, six].map(({ socket }) => must(socket.protect(guard))) as [GuardedSocket, GuardedSocket]
  for (const one of guarded) one.hear([51])
  four.send(message(1))
  six.send(message(51, 3))
  await told(four, message(51, 1))
  await told(six, message(51, 1))
  expect(guarded.map(sum)).toEqual([
    { unknown: 1, repeated: [] },
    { unknown: 0, repeated: [] },
  ])
  four.close()
  six.close()
})

test('when 64 sockets are guarded another one is not, until one is closed', () => {
  const sockets = Array.from({ length: 65 }, () =>
    right.within(() =>
      must(openVrrpSocket({ family: 4, interface: 'eth0', groups: [], onDatagram() {}, onError() {} })),
    ),
  )
  const [last, ...others] = sockets as [VrrpSocket, ...VrrpSocket[]]
  for (const socket of others) must(socket.protect(guard))
  expect(last.protect(guard)).toMatchObject({ ok: false, error: { code: 'ENOSPC' } })
  others[5]?.close()
  expect(last.protect(guard).ok).toBe(true)
  for (const socket of sockets) socket.close()
})
