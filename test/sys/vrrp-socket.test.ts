import { describe, expect, test } from 'vitest'
import {
  address,
  after,
  type Instant,
  type IpAddress,
  instant,
  internetChecksum,
  millis,
} from '../../src/base/index.ts'
import { hfsys } from '../../src/native/index.ts'
import { openFrameSocket, openVrrpSocket, type SystemError, type VrrpDatagram } from '../../src/sys/socket/index.ts'
import { lingerUntil, openTimer, systemClock } from '../../src/sys/time/index.ts'
import { must, type Namespace, namespace, neighbours, until } from './namespaces.ts'

const [left, right] = neighbours('fe80::1/64', 'fe80::2/64')
const down = namespace('down')
const gone = namespace('gone')
const rightIndex = right.within(() => hfsys().ifIndex('eth0'))

const GROUP4 = address('224.0.0.18')
const GROUP6 = address('ff02::12')
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

type Heard = Omit<VrrpDatagram, 'payload'> & { readonly payload: string }

function listener(at: Namespace, family: 4 | 6, groups: readonly IpAddress[]) {
  const heard: Heard[] = []
  const errors: SystemError[] = []
  const socket = must(
    at.within(() =>
      openVrrpSocket({
        family,
        interface: 'eth0',
        groups,
        onDatagram: (datagram) => heard.push({ ...datagram, payload: hex(datagram.payload) }),
        onError: (error) => errors.push(error),
      }),
    ),
  )
  return { socket, heard, errors }
}

describe('IPv4', () => {
  test('what waits is heard at once when that is asked for, by a socket that is busy as by a calm one', async () => {
    const sender = listener(left, 4, [])
    const receiver = listener(right, 4, [GROUP4])
    let sent = 0
    const send = (): void => {
      const payload = Uint8Array.of(0x21, sent++ & 0xff)
      must(sender.socket.send({ payload, source: address('192.0.2.1'), destination: GROUP4, hopLimit: 255 }))
    }
    /** Whether it is read now, in this turn of the event loop. */
    const isTaken = () => {
      const before = receiver.heard.length
      send()
      receiver.socket.takeWaiting()
      return receiver.heard.length > before
    }
    await until('a calm one hears at once', isTaken)
    await until('a busy one does', () => {
      // More than makes it busy, all of them before it is read.
      for (let i = 0; i < 100; i++) send()
      return isTaken()
    })
    await until('all are heard', () => receiver.heard.length === sent)
    sender.socket.close()
    receiver.socket.close()
    receiver.socket.takeWaiting()
    expect(receiver.errors).toEqual([])
  })

  test('a multicast message arrives with its source, group, TTL, interface and declared length', async () => {
    const sender = listener(left, 4, [GROUP4])
    const receiver = listener(right, 4, [GROUP4])
    const payload = Uint8Array.from([0x21, 1, 100, 1, 0, 1, 0xba, 0x51, 192, 0, 2, 100])
    must(sender.socket.send({ payload, source: address('192.0.2.1'), destination: GROUP4, hopLimit: 255 }))
    await until('the message', () => receiver.heard.length > 0)
    expect(receiver.heard).toEqual([
      {
        payload: hex(payload),
        source: '192.0.2.1',
        destination: '224.0.0.18',
        hopLimit: 255,
        interfaceIndex: rightIndex,
        declaredLength: payload.length,
      },
    ])
    expect(sender.heard).toEqual([])
    sender.socket.close()
    receiver.socket.close()
  })

  test('each message has its own TTL, to groups and hosts alike', async () => {
    const sender = listener(left, 4, [])
    const receiver = listener(right, 4, [GROUP4])
    const source = address('192.0.2.1')
    for (const [destination, hopLimit] of [
      [GROUP4, 254],
      [address('192.0.2.2'), 64],
      [GROUP4, 1],
    ] as const)
      must(sender.socket.send({ payload: new Uint8Array(8), source, destination, hopLimit }))
    await until('three messages', () => receiver.heard.length === 3)
    expect(receiver.heard.map(({ destination, hopLimit }) => [destination, hopLimit])).toEqual([
      ['224.0.0.18', 254],
      ['192.0.2.2', 64],
      ['224.0.0.18', 1],
    ])
    sender.socket.close()
    receiver.socket.close()
  })

  test('a source that is not on the host is sent as asked for (mcast_src_ip)', async () => {
    const sender = listener(left, 4, [])
    const receiver = listener(right, 4, [GROUP4])
    must(
      sender.socket.send({
        payload: new Uint8Array(8),
        source: address('192.0.2.77'),
        destination: GROUP4,
        hopLimit: 255,
      }),
    )
    await until('the message', () => receiver.heard.length > 0)
    expect(receiver.heard[0]?.source).toBe('192.0.2.77')
    sender.socket.close()
    receiver.socket.close()
  })

  test('a group that was not joined is not heard, though another socket of the host joined it', async () => {
    const sender = listener(left, 4, [])
    const joinedSocket = listener(right, 4, [GROUP4])
    const unicast = listener(right, 4, [])
    const source = address('192.0.2.1')
    must(sender.socket.send({ payload: Uint8Array.of(1), source, destination: GROUP4, hopLimit: 255 }))
    must(sender.socket.send({ payload: Uint8Array.of(2), source, destination: address('192.0.2.2'), hopLimit: 255 }))
    await until('the unicast message', () => unicast.heard.length > 0 && joinedSocket.heard.length > 1)
    expect(unicast.heard.map(({ payload }) => payload)).toEqual(['02'])
    for (const { socket } of [sender, joinedSocket, unicast]) socket.close()
  })

  test('a header with options is taken off whole, an empty and a cut message do not stop the next', async () => {
    const receiver = listener(right, 4, [GROUP4])
    const frames = must(left.within(() => openFrameSocket(hfsys().ifIndex('eth0'))))
    must(frames.send(frameWith({ payload: Uint8Array.of(7, 7, 7), options: Uint8Array.of(1, 1, 1, 0) })))
    must(frames.send(frameWith({ payload: new Uint8Array(), options: new Uint8Array() })))
    // Trailing Ethernet padding is not part of the message.
    must(frames.send(frameWith({ payload: Uint8Array.of(8), options: new Uint8Array(), padding: 25 })))
    await until('three messages', () => receiver.heard.length === 3)
    expect(receiver.heard.map(({ payload, declaredLength }) => [payload, declaredLength])).toEqual([
      ['070707', 3],
      ['', 0],
      ['08', 1],
    ])
    frames.close()
    receiver.socket.close()
  })
})

describe('IPv6', () => {
  test('a multicast message arrives with hop limit 255 and its source, and as it was sent: a wrong checksum is no business of the kernel', async () => {
    const sender = listener(left, 6, [GROUP6])
    const receiver = listener(right, 6, [GROUP6])
    const source = address('fe80::1')
    const payload = Uint8Array.of(0x31, 1, 100, 0, 0, 100, 0xba, 0xad)
    must(sender.socket.send({ payload, source, destination: GROUP6, hopLimit: 255 }))
    await until('the message', () => receiver.heard.length > 0)
    expect(receiver.heard).toMatchObject([
      { payload: hex(payload), source, destination: GROUP6, hopLimit: 255, interfaceIndex: rightIndex },
    ])
    expect(sender.heard).toEqual([])
    sender.socket.close()
    receiver.socket.close()
  })

  test('a unicast message has the hop limit it was given', async () => {
    const sender = listener(left, 6, [])
    const receiver = listener(right, 6, [])
    must(
      sender.socket.send({
        payload: new Uint8Array(8),
        source: address('fe80::1'),
        destination: address('fe80::2'),
        hopLimit: 63,
      }),
    )
    await until('the message', () => receiver.heard.length > 0)
    expect(receiver.heard[0]).toMatchObject({ source: 'fe80::1', destination: 'fe80::2', hopLimit: 63 })
    sender.socket.close()
    receiver.socket.close()
  })
})

test.each([
  [4, '192.0.2.1', GROUP4],
  [6, 'fe80::1', GROUP6],
] as const)(
  'over IPv%i a message comes with when it came, which is before it is read',
  async (family, source, group) => {
    const sender = listener(left, family, [])
    const arrivals: { readonly arrivedAt: Instant; readonly readAt: Instant }[] = []
    const receiver = must(
      right.within(() =>
        openVrrpSocket({
          family,
          interface: 'eth0',
          groups: [group],
          onDatagram: (_datagram, arrivedAt) => arrivals.push({ arrivedAt, readAt: systemClock.now() }),
          onError: () => {},
        }),
      ),
    )
    const began = systemClock.now()
    let busyUntil = began
    // Stamps begin a moment after the first socket asks for them, and a slow machine may come to read too late for them.
    await until('one that was read later than it came', () => {
      const last = arrivals.at(-1)
      if (last !== undefined && last.arrivedAt < busyUntil && last.readAt >= busyUntil) return true
      must(
        sender.socket.send({ payload: new Uint8Array(8), source: address(source), destination: group, hopLimit: 255 }),
      )
      busyUntil = after(systemClock.now(), millis(1))
      lingerUntil(busyUntil)
      return false
    })
    expect(arrivals.every(({ arrivedAt, readAt }) => began <= arrivedAt && arrivedAt <= readAt)).toBe(true)
    sender.socket.close()
    receiver.close()
  },
)

test('a handler may close the socket amid a batch, and hears no more', async () => {
  const sender = listener(left, 4, [])
  const heard: number[] = []
  const receiver = must(
    right.within(() =>
      openVrrpSocket({
        family: 4,
        interface: 'eth0',
        groups: [GROUP4],
        onDatagram: ({ payload }) => {
          heard.push(payload[0] as number)
          receiver.close()
          receiver.close()
        },
        onError: () => {},
      }),
    ),
  )
  const witness = listener(right, 4, [GROUP4])
  for (const first of [1, 2, 3])
    must(
      sender.socket.send({
        payload: Uint8Array.of(first),
        source: address('192.0.2.1'),
        destination: GROUP4,
        hopLimit: 255,
      }),
    )
  await until('all three at the witness', () => witness.heard.length === 3)
  expect(heard).toEqual([1])
  sender.socket.close()
  witness.socket.close()
})

test('a flood is taken in portions, so that a timer gets its turn in between, and nothing is lost', async () => {
  const sender = listener(left, 4, [])
  const receiver = listener(right, 4, [GROUP4])
  let heardWhenFired: number | undefined
  const timer = openTimer(() => {
    heardWhenFired ??= receiver.heard.length
  })
  timer.arm(instant(0))
  const message = { source: address('192.0.2.1'), destination: GROUP4, hopLimit: 255 }
  for (let i = 0; i < 400; i++) must(sender.socket.send({ ...message, payload: Uint8Array.of(i & 0xff) }))
  await until('all of them', () => receiver.heard.length === 400)
  expect(heardWhenFired).toBeLessThan(400)
  expect(receiver.heard.every(({ payload }, i) => payload === hex(Uint8Array.of(i & 0xff)))).toBe(true)
  timer.close()
  sender.socket.close()
  receiver.socket.close()
})

test('an interface that is not there is ENODEV with its name in the message', () => {
  const opened = left.within(() =>
    openVrrpSocket({ family: 4, interface: 'eth9', groups: [], onDatagram: () => {}, onError: () => {} }),
  )
  expect(opened).toMatchObject({ ok: false, error: { code: 'ENODEV', message: 'eth9: no such interface' } })
})

test('on an interface that is down, sending is refused as a value', () => {
  down.ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'peer0')
  down.ip('link', 'set', 'peer0', 'up')
  const { socket } = listener(down, 4, [])
  const sent = socket.send({
    payload: new Uint8Array(8),
    source: address('192.0.2.1'),
    destination: GROUP4,
    hopLimit: 255,
  })
  expect(sent.ok).toBe(false)
  socket.close()
})

test('after its interface was removed, a socket refuses to send and a new one is needed', () => {
  gone.ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'peer0')
  gone.ip('link', 'set', 'peer0', 'up')
  gone.ip('link', 'set', 'eth0', 'up')
  const { socket, errors } = listener(gone, 4, [GROUP4])
  const message = { payload: new Uint8Array(8), source: address('192.0.2.1'), destination: GROUP4, hopLimit: 255 }
  expect(socket.send(message).ok).toBe(true)
  gone.ip('link', 'delete', 'eth0')
  expect(socket.send(message)).toMatchObject({ ok: false, error: { code: 'ENODEV' } })
  gone.ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'peer0')
  gone.ip('link', 'set', 'peer0', 'up')
  gone.ip('link', 'set', 'eth0', 'up')
  expect(socket.send(message).ok).toBe(false)
  const again = listener(gone, 4, [GROUP4])
  expect(again.socket.send(message).ok).toBe(true)
  expect(errors).toEqual([])
  socket.close()
  again.socket.close()
})

test('a frame shorter than an Ethernet header is refused, not sent', () => {
  const frames = must(left.within(() => openFrameSocket(hfsys().ifIndex('eth0'))))
  expect(frames.send(new Uint8Array(13))).toMatchObject({ ok: false, error: { code: 'EINVAL' } })
  frames.close()
})

/** An Ethernet frame with a VRRP packet to the group, whose parts may be odd. */
function frameWith({ payload, options, padding = 0 }: { payload: Uint8Array; options: Uint8Array; padding?: number }) {
  const headerLength = 20 + options.length
  const frame = new Uint8Array(14 + headerLength + payload.length + padding)
  frame.set(Buffer.from('01005e000012' + '020000000001' + '0800', 'hex'), 0)
  const ip = frame.subarray(14, 14 + headerLength)
  ip.set([0x40 | (headerLength / 4), 0xc0, 0, headerLength + payload.length, 0, 0, 0, 0, 255, 112, 0, 0], 0)
  ip.set([192, 0, 2, 9, 224, 0, 0, 18], 12)
  ip.set(options, 20)
  const sum = internetChecksum(ip)
  ip.set([sum >> 8, sum & 0xff], 10)
  frame.set(payload, 14 + headerLength)
  return frame
}

for (const [family, source, group] of [
  [4, '192.0.2.1', GROUP4],
  [6, 'fe80::1', GROUP6],
] as const)
  test(`a rehearsed message over IPv${family} does not leave, the same one sent does`, async () => {
    const sender = listener(left, family, [])
    const receiver = listener(right, family, [group])
    const message = { source: address(source), destination: group, hopLimit: 255 }
    must(sender.socket.rehearse({ ...message, payload: Uint8Array.of(0x31, 1, 0, 0, 0, 0, 0, 0) }))
    must(sender.socket.send({ ...message, payload: Uint8Array.of(0x31, 2, 0, 0, 0, 0, 0, 0) }))
    await until('the message', () => receiver.heard.length > 0)
    expect(receiver.heard.map(({ payload }) => payload.slice(0, 4))).toEqual(['3102'])
    sender.socket.close()
    receiver.socket.close()
  })

test('a rehearsed frame does not leave, the same one sent does', async () => {
  const receiver = listener(right, 4, [GROUP4])
  const index = left.within(() => hfsys().ifIndex('eth0'))
  const socket = must(left.within(() => openFrameSocket(index)))
  const frame = (mark: number): Uint8Array =>
    frameWith({ payload: Uint8Array.of(0x31, mark, 0, 0, 0, 0, 0, 0), options: new Uint8Array() })
  must(socket.rehearse(frame(1)))
  must(socket.send(frame(2)))
  await until('the frame', () => receiver.heard.length > 0)
  expect(receiver.heard.map(({ payload }) => payload.slice(0, 4))).toEqual(['3102'])
  socket.close()
  receiver.socket.close()
})
