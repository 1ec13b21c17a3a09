import { expect, test } from 'vitest'
import { pcapHeader, pcapRecord } from '../../../src/wire/pcap/index.ts'
import { hex } from '../bytes.ts'

test('pcap-savefile(5): the header of version 2.4 with microseconds, for Ethernet', () => {
  expect(hex(pcapHeader(2048))).toBe('d4c3b2a1020004000000000000000000' + '00080000' + '01000000')
})

test('a frame follows its time and its lengths', () => {
  const record = pcapRecord(1_500_000_000_123.5, Uint8Array.of(1, 2, 3), 60)
  expect(hex(record)).toBe('002f6859' + '6ce20100' + '03000000' + '3c000000' + '010203')
})
