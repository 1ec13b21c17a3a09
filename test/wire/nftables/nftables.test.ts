/** Requests to nf_tables as bytes; whether the kernel makes of them what keepalived does is asked in test/lab/firewall.test.ts. */
import { expect, test } from 'vitest'
import {
  batchOf,
  counter,
  drop,
  endsTransaction,
  equals,
  lookup,
  meta,
  nftRequests,
  payload,
  tableOfRemoval,
} from '../../../src/wire/nftables/index.ts'

const nft = nftRequests(true)
const table = { family: 2, name: 'keepalived' } as const
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

test('a batch opens and ends a transaction of nf_tables, and each request in it has its family', () => {
  const [begin, add, end] = batchOf([nft.addTable(table)])
  expect(begin).toMatchObject({ type: 0x10, flags: 0 })
  expect(end).toMatchObject({ type: 0x11, flags: 0 })
  expect(hex(begin?.payload ?? new Uint8Array())).toBe('0000000a')
  expect(add).toMatchObject({ type: 0x0a00, flags: 0x400 })
  expect(hex(add?.payload ?? new Uint8Array())).toBe(
    `02000000${'0f000100'}${Buffer.from('keepalived\0').toString('hex')}00`,
  )
})

const rows: readonly (readonly [
  claim: string,
  request: ReturnType<typeof nft.addTable>,
  type: number,
  bytes: string,
])[] = [
  [
    'a base chain has hook, priority, policy and type; the priority may be negative',
    nft.addChain(table, { name: 'in', base: { hook: 1, priority: -1 } }),
    3,
    '0f0001006b656570616c6976656400000700030' +
      '0696e000014000480080001000000000108000200ffffffff08000500000000010b00070066696c7465720000',
  ],
  [
    'elements are a list of keys',
    nft.addElements(table, 'vips', [{ key: Uint8Array.of(192, 0, 2, 1) }]),
    12,
    '0f0001006b656570616c697665640000090002007669707300000000140003801000018' + '00c00018008000100c0000201',
  ],
  [
    'of a map they have data as well',
    nft.deleteElements(table, 'm', [{ key: Uint8Array.of(1), data: Uint8Array.of(2) }]),
    14,
    '0f0001006b656570616c697665640000060002006d0000002' +
      '0000380' +
      '1c000180' +
      '0c000180' +
      '0500010001000000' +
      '0c000280' +
      '0500010002000000',
  ],
]
for (const [claim, request, type, bytes] of rows)
  test(claim, () => {
    expect(request.type).toBe(type)
    expect(hex(request.attributes)).toBe(bytes)
  })

test('numbers in expressions are in network order', () => {
  const shown = ({ name, attributes }: typeof counter) => [
    name,
    ...attributes.map(({ type, value }) => `${type}=${hex(value)}`),
  ]
  expect(shown(payload('network', 16, 4, 1))).toEqual([
    'payload',
    '1=00000001',
    '2=00000001',
    '3=00000010',
    '4=00000004',
  ])
  expect(shown(meta(27, 2))).toEqual(['meta', '2=0000001b', '1=00000002'])
  expect(shown(equals(1, Uint8Array.of(58), true))).toEqual(['cmp', '1=00000001', '2=00000000', '3=050001003a000000'])
  expect(shown(lookup('vips', 1))).toEqual(['lookup', '1=7669707300', '2=00000001'])
  expect(shown(drop(true))).toEqual(['immediate', '1=00000000', '2=0c0002800800010000000000'])
  expect(shown(counter)).toEqual(['counter'])
})

test('whatever is removed tells of its table; nothing else does, and no bytes make it throw', () => {
  const message = (type: number, payload: Uint8Array) => ({ type, flags: 0, sequence: 1, port: 0, payload })
  const [, request] = batchOf([nft.deleteElements(table, 'vips', [{ key: Uint8Array.of(192, 0, 2, 1) }])])
  const payload = request?.payload ?? new Uint8Array()
  for (const kind of [2, 5, 8, 11, 14]) expect(tableOfRemoval(message(0x0a00 | kind, payload), true)).toBe('keepalived')
  for (const type of [0x0a00, 0x0a0c, 0x0a0f, 0x0b02, 2])
    expect(tableOfRemoval(message(type, payload), true)).toBeUndefined()
  for (let length = 0; length < 19; length++)
    expect(tableOfRemoval(message(0x0a02, payload.subarray(0, length)), true)).toBeUndefined()
  expect([0x0a0f, 0x0a0e, 0x0b0f, 15].map((type) => endsTransaction({ type }))).toEqual([true, false, false, false])
})
