import { expect, test } from 'vitest'
import { address } from '../../src/base/index.ts'
import { openSyncReceiver, openSyncSender } from '../../src/sys/socket/index.ts'
import { must, neighbours, until } from './namespaces.ts'

const [left, right] = neighbours('2001:db8::1/64', '2001:db8::2/64')

const PORT = 8848
const from = { 4: '192.0.2.1', 6: '2001:db8::1' } as const

/** A sender on the left and a receiver of this destination on the right. */
function ends(destination: string, buffer?: number) {
  const heard: { text: string; source: string }[] = []
  let overflowed = 0
  const endpoint = { interface: 'eth0', destination: address(destination), port: PORT }
  const receiver = must(
    right.within(() =>
      openSyncReceiver({
        ...endpoint,
        ...(buffer === undefined ? {} : { buffer }),
        onDatagram: (payload, source) => heard.push({ text: Buffer.from(payload).toString(), source }),
        onOverflow(datagrams) {
          overflowed += datagrams
        },
      }),
    ),
  )
  const sender = must(left.within(() => openSyncSender({ ...endpoint, hopLimit: 1 })))
  const close = () => {
    sender.close()
    receiver.close()
  }
  return { heard, overflowed: () => overflowed, send: (text: string) => must(sender.send(Buffer.from(text))), close }
}

test.each([
  ['a group of IPv4', '224.0.0.81', from[4]],
  ['a host of IPv4', '192.0.2.2', from[4]],
  ['a host of IPv6', '2001:db8::2', from[6]],
  // The interface's own address: the group is of the link.
  ['a group of IPv6', 'ff02::8:51', undefined],
])('%s hears what is sent to it, and from whom', async (_, destination, source) => {
  const { heard, overflowed, send, close } = ends(destination)
  send('one')
  await until('it is heard', () => heard.length === 1)
  expect(heard[0]?.text).toBe('one')
  if (source === undefined) expect(heard[0]?.source).toMatch(/^fe80::/)
  else expect(heard[0]?.source).toBe(source)
  expect(overflowed()).toBe(0)
  close()
})

test('what found the buffer full is counted when the next datagram comes', async () => {
  const { heard, overflowed, send, close } = ends('224.0.0.81', 8192)
  // Nothing is taken meanwhile: the event loop is here.
  for (let i = 0; i < 200; i++) send('x'.repeat(1000))
  await until('some are heard', () => heard.length > 0)
  send('last')
  await until('the last is heard', () => heard.at(-1)?.text === 'last')
  expect(overflowed()).toBeGreaterThan(0)
  expect(heard.length + overflowed()).toBe(201)
  close()
})
