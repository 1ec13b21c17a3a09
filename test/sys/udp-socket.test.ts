import { describe, expect, onTestFinished, test } from 'vitest'
import { address } from '../../src/base/index.ts'
import { openUdpReceiver, openUdpSender, type UdpDatagram } from '../../src/sys/socket/index.ts'
import { joined, must, neighbours, until } from './namespaces.ts'

const [left, right] = neighbours('2001:db8::1/64', '2001:db8::2/64')

const PORT = 3784
const ends = [
  { family: 4, from: address('192.0.2.1'), to: address('192.0.2.2') },
  { family: 6, from: address('2001:db8::1'), to: address('2001:db8::2') },
] as const

describe('UDP with hop limits', () => {
  for (const { family, from, to } of ends)
    test(`IPv${family}: what arrives is told with its addresses and hop limit`, async () => {
      const heard: (Omit<UdpDatagram, 'payload' | 'interfaceIndex'> & { text: string })[] = []
      const receiver = must(
        right.within(() =>
          openUdpReceiver({
            family,
            port: PORT,
            onDatagram: ({ payload, source, destination, hopLimit }) =>
              heard.push({ text: Buffer.from(payload).toString(), source, destination, hopLimit }),
          }),
        ),
      )
      const open = (sourcePort: number, hopLimit: number) =>
        left.within(() => openUdpSender({ destination: to, port: PORT, source: from, sourcePort, hopLimit }))
      const sender = must(open(50_000, 255))
      must(sender.send(Buffer.from('one')))
      await until('it is heard', () => heard.length === 1)
      expect(heard).toEqual([{ text: 'one', source: from, destination: to, hopLimit: 255 }])

      const taken = open(50_000, 255)
      expect(!taken.ok && taken.error.code).toBe('EADDRINUSE')
      sender.close()
      const again = must(open(50_000, 64))
      must(again.send(Buffer.from('two')))
      // Without the event loop: only what the kernel holds already.
      receiver.drain()
      expect(heard[1]).toMatchObject({ text: 'two', hopLimit: 64 })
      again.close()
      receiver.close()
    })

  for (const { family, from, to } of ends)
    test(`IPv${family}: who is not listened to is kept back by the kernel, and counted`, async () => {
      const heard: string[] = []
      const receiver = must(
        right.within(() =>
          openUdpReceiver({
            family,
            port: PORT,
            onDatagram: ({ payload }) => heard.push(Buffer.from(payload).toString()),
          }),
        ),
      )
      const sender = must(
        left.within(() =>
          openUdpSender({ destination: to, port: PORT, source: from, sourcePort: 50_002, hopLimit: 255 }),
        ),
      )
      const stranger = address(family === 4 ? '192.0.2.77' : '2001:db8::77')
      must(receiver.listen([stranger]))
      must(sender.send(Buffer.from('unheard')))
      await until('it is counted', () => receiver.keptBack() === 1)
      must(receiver.listen([stranger, from]))
      must(sender.send(Buffer.from('heard')))
      await until('it is heard', () => heard.length === 1)
      expect(heard).toEqual(['heard'])
      expect(receiver.keptBack()).toBe(1)
      sender.close()
      receiver.close()
    })

  test('a link-local address is on the interface that is named, also when that one was removed and came back', async () => {
    const [from, to] = [address('fe80::a'), address('fe80::b')]
    const join = (): void => {
      joined(left, 'eth1', right, 'eth1')
      left.ip('addr', 'add', `${from}/64`, 'dev', 'eth1', 'nodad')
      right.ip('addr', 'add', `${to}/64`, 'dev', 'eth1', 'nodad')
    }
    const indexOf = (name: string): number => JSON.parse(right.ip('-j', 'link', 'show', name))[0].ifindex
    join()
    onTestFinished(() => void left.ip('link', 'delete', 'eth1'))
    const by: number[] = []
    const onDatagram = ({ interfaceIndex }: UdpDatagram): void => void by.push(interfaceIndex)
    const receiver = must(right.within(() => openUdpReceiver({ family: 6, port: PORT, onDatagram })))
    const options = { destination: to, port: PORT, source: from, sourcePort: 50_003, hopLimit: 255 }
    const nowhere = left.within(() => openUdpSender({ ...options, interface: 'eth9' }))
    expect(!nowhere.ok && nowhere.error).toMatchObject({ code: 'ENODEV', message: 'eth9: no such interface' })

    const sender = must(left.within(() => openUdpSender({ ...options, interface: 'eth1' })))
    const send = (): boolean => left.within(() => sender.send(Buffer.from('one'))).ok
    const here = (): number => JSON.parse(left.ip('-j', 'link', 'show', 'eth1'))[0].ifindex
    await until('it is heard', () => send() && by.length > 0)
    expect(by[0]).toBe(indexOf('eth1'))
    expect(left.within(() => [here(), here() + 1].map(sender.isOn))).toEqual([true, false])

    const before = here()
    left.ip('link', 'delete', 'eth1')
    expect(send()).toBe(false)
    join()
    const again = indexOf('eth1')
    await until('it is heard by the new one', () => send() && by.at(-1) === again)
    expect(here()).not.toBe(before)
    sender.close()
    receiver.close()
  })

  test('an address that this host does not have, and a port that is taken, are named', () => {
    const elsewhere = left.within(() =>
      openUdpSender({
        destination: address('192.0.2.2'),
        port: PORT,
        source: address('192.0.2.99'),
        sourcePort: 50_001,
        hopLimit: 255,
      }),
    )
    expect(!elsewhere.ok && elsewhere.error).toMatchObject({
      code: 'EADDRNOTAVAIL',
      message: expect.stringContaining('192.0.2.99 port 50001: bind'),
    })
    const open = () => left.within(() => openUdpReceiver({ family: 4, port: PORT, onDatagram() {} }))
    const first = must(open())
    const second = open()
    expect(!second.ok && second.error).toMatchObject({ code: 'EADDRINUSE', message: expect.stringContaining('3784') })
    first.close()
  })
})
