import fc from 'fast-check'
import { expect, test } from 'vitest'
import { connectionLineKey, isSyncedLine, readConnectionLine } from '../../../src/wire/ipvs/index.ts'

/** As Linux 6.1 prints them (ip_vs_conn_seq_show). */
const lines: readonly [what: string, line: string, value: object][] = [
  [
    'IPv4',
    'TCP CB007109 C74E C6336407 01BB 0A09000B 20FB ESTABLISHED     897',
    {
      protocol: 'TCP',
      client: '203.0.113.9',
      clientPort: 51022,
      virtual: '198.51.100.7',
      virtualPort: 443,
      destination: '10.9.0.11',
      destinationPort: 8443,
      state: 'ESTABLISHED',
      expiresIn: 897,
    },
  ],
  [
    'IPv6 to an IPv4 destination',
    'UDP 2001:0db8:0000:0000:0000:0000:0000:0009 C74E 2001:0db8:0007:0000:0000:0000:0000:0001 0035 0A090015 0035 UDP             300',
    {
      protocol: 'UDP',
      client: '2001:db8::9',
      clientPort: 51022,
      virtual: '2001:db8:7::1',
      virtualPort: 53,
      destination: '10.9.0.21',
      destinationPort: 53,
      state: 'UDP',
      expiresIn: 300,
    },
  ],
  [
    'a template by mark',
    'IP  CB007100 0000 00000009 0000 0A090015 0000 ASSURED         312',
    {
      protocol: 'IP',
      client: '203.0.113.0',
      clientPort: 0,
      virtual: '0.0.0.9',
      virtualPort: 0,
      destination: '10.9.0.21',
      destinationPort: 0,
      state: 'ASSURED',
      expiresIn: 312,
    },
  ],
  [
    'with a persistence engine',
    'UDP CB007109 0000 C6336407 13C4 0A09000B 13C4 NONE             60 sip call-1@203.0.113.9',
    {
      protocol: 'UDP',
      client: '203.0.113.9',
      clientPort: 0,
      virtual: '198.51.100.7',
      virtualPort: 5060,
      destination: '10.9.0.11',
      destinationPort: 5060,
      state: 'NONE',
      expiresIn: 60,
      persistenceEngine: { name: 'sip', data: 'call-1@203.0.113.9' },
    },
  ],
]
for (const [what, line, value] of lines)
  test(`a line is read: ${what}`, () => {
    expect(readConnectionLine(line)).toEqual(value)
  })

for (const line of [
  'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData',
  '',
  'TCP CB007109 C74E C6336407 01BB 0A09000B 20FB ESTABLISHED',
  'TCP CB0071 C74E C6336407 01BB 0A09000B 20FB ESTABLISHED 897',
  'TCP CB007109 C74EE C6336407 01BB 0A09000B 20FB ESTABLISHED 897',
])
  test(`"${line}" is no connection`, () => {
    expect(readConnectionLine(line)).toBeUndefined()
  })

test('the origin is told by the line of the same connection in ip_vs_conn_sync', () => {
  const line = 'TCP CB007109 C74E C6336407 01BB 0A09000B 20FB ESTABLISHED     897'
  const [synced, local] = ['SYNC  ', 'LOCAL '].map(
    (origin) => `TCP CB007109 C74E C6336407 01BB 0A09000B 20FB ESTABLISHED ${origin}     897`,
  ) as [string, string]
  expect([isSyncedLine(synced), isSyncedLine(local)]).toEqual([true, false])
  expect(connectionLineKey(synced)).toBe(connectionLineKey(line))
})

test('no text makes the reader throw', () => {
  fc.assert(fc.property(fc.string({ maxLength: 120 }), (text) => void readConnectionLine(text)))
})
