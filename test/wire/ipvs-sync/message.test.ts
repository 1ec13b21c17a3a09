import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fail, ok } from '../../../src/base/index.ts'
import {
  decodeSyncMessage,
  connectionFlags as flag,
  type SyncedConnection,
  SyncWriter,
} from '../../../src/wire/ipvs-sync/index.ts'
import { fuzzRuns } from '../../fuzz-runs.ts'
import { bytes, hex, withByte } from '../bytes.ts'

const little = true
const plain: SyncedConnection = {
  protocol: 6,
  flags: flag.directRouting | flag.noOutput,
  state: 1,
  client: bytes('0a020009'),
  clientPort: 40_001,
  virtual: bytes('c0000264'),
  virtualPort: 80,
  destination: bytes('0a010002'),
  destinationPort: 8080,
  mark: 0,
  timeout: 900,
}
const wide: SyncedConnection = {
  ...plain,
  client: bytes('fd000001 00000000 00000000 00000002'),
  virtual: bytes('fd000002 00000000 00000000 00000100'),
  destination: bytes('fd000001 00000000 00000000 00000003'),
}
const numbers = {
  in: { initial: 1, delta: 2, previousDelta: 3 },
  out: { initial: 4, delta: 0xffff_ffff, previousDelta: 6 },
}

const query: SyncedConnection = {
  ...plain,
  protocol: 17,
  flags: flag.directRouting | flag.noOutput | flag.inactive,
  state: 0,
  client: bytes('0a010002'),
  clientPort: 0x841d,
  virtualPort: 53,
  destinationPort: 53,
  timeout: 300,
}
const closing: SyncedConnection = { ...plain, flags: flag.inactive, state: 7, timeout: 60 }

/** The entry of `plain`, and what stands before it. */
const HEAD = '00 33 002c 01 01 0000'
const ENTRY = '00 06 0024 00000083 0001 9c41 0050 1f90 00000000 00000384 0a020009 c0000264 0a010002'

const golden: readonly [what: string, bytes: string, version: 0 | 1, connections: readonly SyncedConnection[]][] = [
  [
    'Linux 6.1: a flow of UDP by direct routing, its template, and one of IPv6 by NAT',
    `0033 0098 0301 0000
     0011 0024 0000 0183 0000 841d 0035 0035 0000 0000 0000 012c 0a01 0002 c000 0264 0a01 0002
     0011 0024 0000 1183 0000 0000 0035 0035 0000 0000 0000 012c 0a01 0002 c000 0264 0a01 0002
     0111 0048 0000 0100 0000 c666 0035 0035 0000 0000 0000 012c
     fd00 0001 0000 0000 0000 0000 0000 0002 fd00 0002 0000 0000 0000 0000 0000 0100
     fd00 0001 0000 0000 0000 0000 0000 0002`,
    1,
    [
      query,
      { ...query, flags: query.flags | flag.template, clientPort: 0 },
      {
        ...query,
        flags: flag.inactive,
        client: bytes('fd00 0001 0000 0000 0000 0000 0000 0002'),
        clientPort: 0xc666,
        virtual: bytes('fd00 0002 0000 0000 0000 0000 0000 0100'),
        destination: bytes('fd00 0001 0000 0000 0000 0000 0000 0002'),
      },
    ],
  ],
  [
    'Linux 6.1: a closing connection by NAT',
    `0033 002c 0101 0000
     0006 0024 0000 0100 0007 9c41 0050 1f90 0000 0000 0000 003c 0a02 0009 c000 0264 0a01 0002`,
    1,
    [closing],
  ],
  [
    'Linux 6.1, sync_version 0: the next one',
    '0133 001c 0006 9c42 0050 1f90 0a02 0009 c000 0264 0a01 0002 0100 0007',
    0,
    [without({ ...closing, clientPort: 40_002 }, 'timeout')],
  ],
  ['version 1, IPv4', `${HEAD} ${ENTRY}`, 1, [plain]],
  [
    'version 1, IPv6',
    `00 33 0050 01 01 0000
     01 06 0048 00000083 0001 9c41 0050 1f90 00000000 00000384
     fd00000100000000 0000000000000002 fd00000200000000 0000000000000100 fd00000100000000 0000000000000003`,
    1,
    [wide],
  ],
  [
    'version 1, sequence numbers and padding before the next entry',
    `00 33 006c 02 01 0000
     00 06 003e 00000480 0001 9c41 0050 1f90 00000000 00000384 0a020009 c0000264 0a010002
     01 18 00000001 00000002 00000003 00000004 ffffffff 00000006 0000
     ${ENTRY}`,
    1,
    [{ ...plain, flags: flag.inSequence | flag.noOutput, sequence: numbers }, plain],
  ],
  [
    'version 1, a persistence engine',
    `00 33 0035 01 01 0000
     00 11 002d 00001003 0000 0000 13c4 13c4 00000007 0000012c 0a020009 c0000264 0a010002
     02 02 6162 03 03 736970`,
    1,
    [
      {
        ...plain,
        protocol: 17,
        flags: flag.directRouting | flag.template,
        state: 0,
        clientPort: 0,
        virtualPort: 5060,
        destinationPort: 5060,
        mark: 7,
        timeout: 300,
        engine: { name: 'sip', data: bytes('6162') },
      },
    ],
  ],
  [
    'version 1, the local end of FULLNAT',
    `00 33 0039 01 01 0000
     00 06 0031 00000083 0001 9c41 0050 1f90 00000000 00000384 0a020009 c0000264 0a010002
     4c 0b 0a010064 01020304 0401 03`,
    1,
    [{ ...plain, local: { address: bytes('0a010064'), port: 1025, delta: 0x01020304, tell: true, told: true } }],
  ],
  ['version 0', '01 33 001c 00 06 9c41 0050 1f90 0a020009 c0000264 0a010002 0083 0001', 0, [without(plain, 'timeout')]],
  [
    'version 0, sequence numbers in the byte order of the sender',
    `01 33 0034 00 06 9c41 0050 1f90 0a020009 c0000264 0a010002 0480 0001
     01000000 02000000 03000000 04000000 ffffffff 06000000`,
    0,
    [{ ...without(plain, 'timeout'), flags: flag.inSequence | flag.noOutput, sequence: numbers }],
  ],
]

function without<T extends object, K extends keyof T>(of: T, name: K): Omit<T, K> {
  const { [name]: _, ...rest } = of
  return rest
}

describe.each(golden)('%s', (_, text, version, connections) => {
  test('is read', () => {
    expect(decodeSyncMessage(bytes(text), little)).toEqual(ok({ version, syncId: 0x33, connections, faults: [] }))
  })

  test('is written', () => {
    const writer = new SyncWriter(version, 0x33, 512, little)
    for (const connection of connections) expect(writer.add(connection)).toBe(true)
    expect(hex(writer.take())).toBe(hex(bytes(text)))
  })
})

const message = bytes(`${HEAD} ${ENTRY}`)
/** The same with an option behind the entry, whose bytes are these. */
const withOption = (option: string): Uint8Array => {
  const more = bytes(option)
  const whole = new Uint8Array([...message, ...more])
  const view = new DataView(whole.buffer)
  view.setUint16(2, whole.length)
  view.setUint16(10, 36 + more.length)
  return whole
}

test('what is no message is refused, with the field that tells', () => {
  expect(decodeSyncMessage(bytes('00 33 00'), little)).toEqual(fail({ field: 'length', got: 3 }))
  expect(decodeSyncMessage(message.subarray(0, 40), little)).toEqual(fail({ field: 'size', got: 44 }))
  expect(decodeSyncMessage(new Uint8Array([...message, 0]), little)).toEqual(fail({ field: 'size', got: 44 }))
})

const faults: readonly [what: string, message: Uint8Array, field: string, got: number][] = [
  ['an entry longer than the message', withByte(message, 11, 0x25), 'entry-length', 0x25],
  ['an entry shorter than its addresses', withByte(message, 11, 0x23), 'entry-length', 0x23],
  ['an entry of a version to come', withByte(message, 10, 0x10), 'entry-version', 1],
  ['more entries than there are', withByte(message, 4, 2), 'entry-length', 0],
  ['an option without a length', withOption('01'), 'option', 1],
  ['an option of no length', withOption('01 00'), 'option-length', 0],
  ['an option longer than its entry', withOption('02 05 61'), 'option-length', 5],
  ['sequence numbers of another size', withOption('01 04 00000000'), 'option-length', 4],
  ['an engine with a long name', withOption(`03 11 ${'61'.repeat(17)}`), 'option-length', 17],
  ['an option twice', withOption('02 01 61 02 01 61'), 'option-repeated', 2],
  ['an option that may not be left out', withOption('09 01 61'), 'option-unknown', 9],
]
test.each(faults)('%s is a fault', (_, of, field, got) => {
  const read = decodeSyncMessage(of, little)
  expect(read.ok && read.value.faults).toEqual([{ field, got }])
})

test('an option that may be left out is, and its entry counts', () => {
  const read = decodeSyncMessage(withOption('49 01 61'), little)
  expect(read).toMatchObject(ok({ connections: [plain], faults: [] }))
})

test('after an entry that cannot be taken the next is read; after lengths that do not fit nothing is', () => {
  const two = (first: Uint8Array): Uint8Array => {
    const whole = new Uint8Array([
      ...first,
      ...bytes(first.length % 4 === 0 ? '' : '00'.repeat(4 - (first.length % 4))),
      ...bytes(ENTRY),
    ])
    new DataView(whole.buffer).setUint16(2, whole.length)
    return withByte(whole, 4, 2)
  }
  expect(decodeSyncMessage(two(withOption('09 01 61')), little)).toMatchObject(
    ok({ connections: [plain], faults: [{ field: 'option-unknown' }] }),
  )
  expect(decodeSyncMessage(two(withOption('01 04 00000000')), little)).toMatchObject(
    ok({ connections: [], faults: [{ field: 'option-length' }] }),
  )
})

test('a message ends where the next entry has no room, and at 255 entries', () => {
  const writer = new SyncWriter(1, 1, 8 + 36 * 3, little)
  expect([1, 2, 3, 4].map(() => writer.add(plain))).toEqual([true, true, true, false])
  expect(writer.take()).toHaveLength(8 + 36 * 3)
  expect(writer.count).toBe(0)
  const long = new SyncWriter(1, 1, 65_507, little)
  let added = 0
  while (long.add(plain)) added += 1
  expect(added).toBe(255)
  const read = decodeSyncMessage(long.take(), little)
  expect(read.ok && read.value.connections).toHaveLength(255)
})

test('version 0 has no IPv6', () => {
  const writer = new SyncWriter(0, 1, 512, little)
  expect(writer.add(wide)).toBe(true)
  expect(writer.count).toBe(0)
})

const u = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 })
const numbered = fc.record({ initial: u(32), delta: u(32), previousDelta: u(32) })
const any = (size: 4 | 16): fc.Arbitrary<SyncedConnection> => {
  const at = fc.uint8Array({ minLength: size, maxLength: size })
  return fc.record(
    {
      protocol: u(8),
      flags: u(32).map((flags) => (flags & ~flag.hashed) >>> 0),
      state: u(16),
      client: at,
      clientPort: u(16),
      virtual: at,
      virtualPort: u(16),
      destination: at,
      destinationPort: u(16),
      mark: u(32),
      timeout: u(32),
      sequence: fc.record({ in: numbered, out: numbered }),
      engine: fc.record({ name: fc.constantFrom('sip', 'a'), data: fc.uint8Array({ minLength: 1, maxLength: 255 }) }),
      local: fc.record({ address: at, port: u(16), delta: u(32), tell: fc.boolean(), told: fc.boolean() }),
    },
    {
      requiredKeys: [
        'protocol',
        'flags',
        'state',
        'client',
        'clientPort',
        'virtual',
        'virtualPort',
        'destination',
        'destinationPort',
        'mark',
        'timeout',
      ],
    },
  ) as fc.Arbitrary<SyncedConnection>
}

test('reading undoes writing', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(any(4), any(16)), { maxLength: 4 }), u(8), (connections, syncId) => {
      const writer = new SyncWriter(1, syncId, 4096, little)
      for (const connection of connections) expect(writer.add(connection)).toBe(true)
      expect(decodeSyncMessage(writer.take(), little)).toEqual(ok({ version: 1, syncId, connections, faults: [] }))
    }),
    fuzzRuns(300),
  )
})

test('no bytes make the reader throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (of, order) => {
      if (of.length >= 4) new DataView(of.buffer).setUint16(2, of.length)
      decodeSyncMessage(of, order)
    }),
    fuzzRuns(2_000),
  )
})
