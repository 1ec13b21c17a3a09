import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { address, addressFromBytes, type IpAddress } from '../../../src/base/index.ts'
import { decodeGenericMessage, encodeGenericMessage } from '../../../src/wire/genetlink/index.ts'
import {
  daemonAttribute,
  daemonRoleAttribute,
  destinationAttribute,
  destinationIdentityAttribute,
  type IpvsDaemon,
  type IpvsDestination,
  type IpvsService,
  type IpvsServiceIdentity,
  type IpvsStatistics,
  infoAttributes,
  ipvsCommands,
  readDaemon,
  readDestination,
  readInfo,
  readService,
  readServiceIdentity,
  readTimeouts,
  serviceAttribute,
  serviceIdentityAttribute,
  timeoutAttributes,
} from '../../../src/wire/ipvs/index.ts'
import type { Attribute } from '../../../src/wire/netlink/index.ts'
import { anyAttributes, bytes, hex, uint8, uint16, uint32 } from '../netlink/arbitrary.ts'

const attributesOf = (message: string): readonly Attribute[] => {
  const decoded = decodeGenericMessage(bytes(message), true)
  if (!decoded.ok) throw new Error('no message')
  return decoded.value.attributes
}
const written = (command: number, attributes: readonly Attribute[]): string =>
  hex(encodeGenericMessage({ command, version: 1, attributes }, true))
const plain = (text: string): string => text.replaceAll(/\s/g, '')

const web: IpvsServiceIdentity = { kind: 'address', protocol: 6, address: address('198.51.100.7'), port: 443 }
const zero: IpvsStatistics = {
  connections: 0,
  inPackets: 0,
  outPackets: 0,
  inBytes: 0,
  outBytes: 0,
  connectionRate: 0,
  inPacketRate: 0,
  outPacketRate: 0,
  inByteRate: 0,
  outByteRate: 0,
}

/** Requests of ipvsadm 1.31, seen on nlmon. */
describe('requests are written as ipvsadm writes them, and read back', () => {
  const services: readonly [string, string, IpvsService][] = [
    [
      '-A -t 198.51.100.7:443 -s wlc -p 360 -M 255.255.255.0',
      `01010000 5400 0180 0600 0100 0200 0000 0600 0200 0600 0000 1400 0300 c6336407 000000000000000000000000
       0600 0400 01bb 0000 0800 0600 776c6300 0c00 0700 01000000 ffffffff 0800 0800 68010000 0800 0900 ffffff00`,
      { identity: web, scheduler: 'wlc', flags: 1, flagMask: 0xffffffff, timeout: 360, netmask: 0xffffff00 },
    ],
    [
      '-A -u [2001:db8:7::1]:53 -s sh -b sh-fallback,sh-port -o',
      `01010000 5400 0180 0600 0100 0a00 0000 0600 0200 1100 0000 1400 0300 20010db8000700000000000000000001
       0600 0400 0035 0000 0700 0600 736800 00 0c00 0700 1c000000 ffffffff 0800 0800 00000000 0800 0900 80000000`,
      {
        identity: { kind: 'address', protocol: 17, address: address('2001:db8:7::1'), port: 53 },
        scheduler: 'sh',
        flags: 0x1c,
        flagMask: 0xffffffff,
        timeout: 0,
        netmask: 128,
      },
    ],
    [
      '-A -f 9 -6 -s wrr -p 300 -M 64',
      `01010000 3800 0180 0600 0100 0a00 0000 0800 0500 09000000 0800 0600 77727200 0c00 0700 01000000 ffffffff
       0800 0800 2c010000 0800 0900 40000000`,
      {
        identity: { kind: 'fwmark', family: 6, mark: 9 },
        scheduler: 'wrr',
        flags: 1,
        flagMask: 0xffffffff,
        timeout: 300,
        netmask: 64,
      },
    ],
  ]
  for (const [line, message, service] of services)
    test(line, () => {
      expect(written(ipvsCommands.newService, [serviceAttribute(service, true)])).toBe(plain(message))
      expect(readService(attributesOf(message), true)).toEqual({ ok: true, value: service })
    })

  const daemons: readonly [string, string, IpvsDaemon][] = [
    [
      '--start-daemon master --mcast-interface eth0 --syncid 7',
      '09010000 2000 0380 0800 0100 01000000 0900 0200 6574683000 000000 0800 0300 07000000',
      { role: 'master', interface: 'eth0', syncId: 7 },
    ],
    [
      '--start-daemon backup … --sync-maxlen 1400 --mcast-group ff02::81 --mcast-port 8849 --mcast-ttl 3',
      `09010000 4c00 0380 0800 0100 02000000 0900 0200 6574683000 000000 0800 0300 07000000 0600 0400 7805 0000
       0600 0700 9122 0000 0500 0800 03 000000 1400 0600 ff020000000000000000000000000081`,
      {
        role: 'backup',
        interface: 'eth0',
        syncId: 7,
        maxLength: 1400,
        group: address('ff02::81'),
        port: 8849,
        ttl: 3,
      },
    ],
  ]
  for (const [line, message, daemon] of daemons)
    test(line, () => {
      expect(written(ipvsCommands.newDaemon, [daemonAttribute(daemon, true)])).toBe(plain(message))
      expect(readDaemon(attributesOf(message), true)).toEqual({ ok: true, value: daemon })
    })

  test('--set 1000 0 60', () => {
    const message = '0c010000 0800 0400 e8030000 0800 0500 00000000 0800 0600 3c000000'
    const timeouts = { tcp: 1000, tcpFin: 0, udp: 60 }
    expect(written(ipvsCommands.setTimeouts, timeoutAttributes(timeouts, true))).toBe(plain(message))
    expect(readTimeouts(attributesOf(message), true)).toEqual({ ok: true, value: timeouts })
  })

  // ipvsadm sends the whole service with a destination, where the kernel wants its identity.
  const destinations: readonly [string, string, IpvsDestination][] = [
    [
      '-a … -r 10.9.0.11:8443 -m -w 3 -x 100 -y 50',
      `6000 0280 0600 0b00 0200 0000 1400 0100 0a09000b 000000000000000000000000 0600 0200 20fb 0000 0800 0300 00000000
       0800 0400 03000000 0500 0d00 00 000000 0600 0e00 0000 0000 0600 0f00 0000 0000 0800 0500 64000000 0800 0600 32000000`,
      {
        address: address('10.9.0.11'),
        port: 8443,
        method: 0,
        weight: 3,
        upperThreshold: 100,
        lowerThreshold: 50,
        tunnelType: 0,
        tunnelPort: 0,
        tunnelFlags: 0,
      },
    ],
    [
      '-a -f 9 -6 -r 10.9.0.21:0 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum',
      `6000 0280 0600 0b00 0200 0000 1400 0100 0a090015 000000000000000000000000 0600 0200 0000 0000 0800 0300 02000000
       0800 0400 01000000 0500 0d00 01 000000 0600 0e00 17c0 0000 0600 0f00 0100 0000 0800 0500 00000000 0800 0600 00000000`,
      {
        address: address('10.9.0.21'),
        port: 0,
        method: 2,
        weight: 1,
        upperThreshold: 0,
        lowerThreshold: 0,
        tunnelType: 1,
        tunnelPort: 6080,
        tunnelFlags: 1,
      },
    ],
  ]
  for (const [line, nest, destination] of destinations)
    test(line, () => {
      const message = `05010000 ${nest}`
      expect(written(ipvsCommands.newDestination, [destinationAttribute(destination, true)])).toBe(plain(message))
      // The family of the service does not matter where the destination's own is told.
      expect(readDestination(attributesOf(message), 6, true)).toEqual({ ok: true, value: destination })
    })
})

/** Linux 6.1, whose nests are not marked as such. */
describe("the kernel's answers are read", () => {
  const statistics = `5c00 0a00 0800 0100 00000000 0800 0200 00000000 0800 0300 00000000 0c00 0400 0000000000000000
    0c00 0500 0000000000000000 0800 0600 00000000 0800 0700 00000000 0800 0800 00000000 0800 0900 00000000 0800 0a00 00000000
    7c00 0c00 0c00 0100 0000000000000000 0c00 0200 0000000000000000 0c00 0300 0000000000000000 0c00 0400 0000000000000000
    0c00 0500 0000000000000000 0c00 0600 0000000000000000 0c00 0700 0000000000000000 0c00 0800 0000000000000000
    0c00 0900 0000000000000000 0c00 0a00 0000000000000000`

  test('a service by mark, with statistics', () => {
    const message = `01010000 1001 0100 0600 0100 0a00 0000 0800 0500 09000000 0800 0600 77727200 0c00 0700 03000000 ffffffff
      0800 0800 2c010000 0800 0900 40000000 ${statistics}`
    expect(readService(attributesOf(message), true)).toEqual({
      ok: true,
      value: {
        identity: { kind: 'fwmark', family: 6, mark: 9 },
        scheduler: 'wrr',
        flags: 3,
        flagMask: 0xffffffff,
        timeout: 300,
        netmask: 64,
        statistics: zero,
      },
    })
  })

  test('a destination, with its connections', () => {
    const message = `05010000 5001 0200 1400 0100 0a09000b 000000000000000000000000 0600 0200 20fb 0000 0800 0300 00000000
      0800 0400 03000000 0500 0d00 00 000000 0600 0e00 0000 0000 0600 0f00 0000 0000 0800 0500 64000000 0800 0600 32000000
      0800 0700 05000000 0800 0800 06000000 0800 0900 07000000 0600 0b00 0200 0000 ${statistics}`
    const read = readDestination(attributesOf(message), 4, true)
    expect(read.ok && read.value).toMatchObject({
      address: '10.9.0.11',
      port: 8443,
      counts: { active: 5, inactive: 6, persistent: 7 },
      statistics: zero,
    })
  })

  test('a daemon, whose port alone is in the order of the host', () => {
    const message = `09010000 4000 0300 0800 0100 01000000 0900 0200 6574683000 000000 0800 0300 07000000 0600 0400 c005 0000
      0600 0700 9022 0000 0500 0800 01 000000 0800 0500 e0000051`
    expect(readDaemon(attributesOf(message), true)).toEqual({
      ok: true,
      value: {
        role: 'master',
        interface: 'eth0',
        syncId: 7,
        maxLength: 1472,
        group: '224.0.0.81',
        port: 8848,
        ttl: 1,
      },
    })
  })

  test('its version and table size, whose numbers are those of other attributes elsewhere', () => {
    const message = '0e010000 0800 0100 01020100 0800 0200 00100000'
    const info = { version: 0x010201, connectionTableSize: 4096 }
    expect(readInfo(attributesOf(message), true)).toEqual({ ok: true, value: info })
    expect(written(ipvsCommands.setInfo, infoAttributes(info, true))).toBe(plain(message))
  })
})

const count = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const anyStatistics: fc.Arbitrary<IpvsStatistics> = fc.record({
  connections: count,
  inPackets: count,
  outPackets: count,
  inBytes: count,
  outBytes: count,
  connectionRate: count,
  inPacketRate: count,
  outPacketRate: count,
  inByteRate: count,
  outByteRate: count,
})
const address4: fc.Arbitrary<IpAddress> = fc.uint8Array({ minLength: 4, maxLength: 4 }).map(addressFromBytes)
const address6: fc.Arbitrary<IpAddress> = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(addressFromBytes)
const anyAddress = fc.oneof(address4, address6)
const name = fc.stringMatching(/^[a-z0-9_.-]{1,15}$/)
const anyIdentity: fc.Arbitrary<IpvsServiceIdentity> = fc.oneof(
  fc.record({ kind: fc.constant('fwmark' as const), family: fc.constantFrom(4 as const, 6 as const), mark: uint32 }),
  fc.record({ kind: fc.constant('address' as const), protocol: uint16, address: anyAddress, port: uint16 }),
)
const anyService: fc.Arbitrary<IpvsService> = fc.record(
  {
    identity: anyIdentity,
    scheduler: name,
    flags: uint32,
    flagMask: uint32,
    timeout: uint32,
    netmask: uint32,
    persistenceEngine: name,
    statistics: anyStatistics,
  },
  { requiredKeys: ['identity', 'scheduler', 'flags', 'flagMask', 'timeout', 'netmask'] },
)
const anyDestination: fc.Arbitrary<IpvsDestination> = fc.record(
  {
    address: anyAddress,
    port: uint16,
    method: fc.nat({ max: 7 }),
    weight: uint32,
    upperThreshold: uint32,
    lowerThreshold: uint32,
    tunnelType: uint8,
    tunnelPort: uint16,
    tunnelFlags: uint16,
    counts: fc.record({ active: uint32, inactive: uint32, persistent: uint32 }),
    statistics: anyStatistics,
  },
  {
    requiredKeys: [
      'address',
      'port',
      'method',
      'weight',
      'upperThreshold',
      'lowerThreshold',
      'tunnelType',
      'tunnelPort',
      'tunnelFlags',
    ],
  },
)
const anyDaemon: fc.Arbitrary<IpvsDaemon> = fc.record(
  {
    role: fc.constantFrom('master' as const, 'backup' as const),
    interface: name,
    syncId: uint32,
    maxLength: uint16,
    group: anyAddress,
    port: uint16,
    ttl: uint8,
  },
  { requiredKeys: ['role', 'interface', 'syncId'] },
)

test('reading undoes writing, in both byte orders', () => {
  fc.assert(
    fc.property(anyService, anyDestination, anyDaemon, fc.boolean(), (service, destination, daemon, little) => {
      expect(readService([serviceAttribute(service, little)], little)).toEqual({ ok: true, value: service })
      expect(readServiceIdentity([serviceIdentityAttribute(service.identity, little)], little)).toEqual({
        ok: true,
        value: service.identity,
      })
      expect(readDestination([destinationAttribute(destination, little)], 4, little)).toEqual({
        ok: true,
        value: destination,
      })
      expect(readDaemon([daemonAttribute(daemon, little)], little)).toEqual({ ok: true, value: daemon })
    }),
  )
})

test('no attributes make a reader throw', () => {
  fc.assert(
    fc.property(anyAttributes, anyAttributes, fc.boolean(), (top, inner, little) => {
      const nested = [1, 2, 3].map((type) => ({
        type,
        flags: 0,
        value: encodeGenericMessage({ command: 0, version: 0, attributes: inner }, little).subarray(4),
      }))
      for (const message of [top, nested]) {
        readService(message, little)
        readServiceIdentity(message, little)
        readDestination(message, 4, little)
        readDaemon(message, little)
        readTimeouts(message, little)
        readInfo(message, little)
      }
    }),
  )
})

const identity = '0600 0100 0200 0000'
for (const [what, nest, error] of [
  ['an empty one', '0400 0100', { field: 'family', got: 0 }],
  ['another family', '0c00 0100 0600 0100 0700 0000', { field: 'family', got: 7 }],
  ['no protocol', `0c00 0100 ${identity}`, { field: 'protocol', got: 0 }],
  ['half an address', `1c00 0100 ${identity} 0600 0200 0600 0000 0600 0300 c633 0000`, { field: 'address', got: 2 }],
  ['no scheduler', `1400 0100 ${identity} 0800 0500 09000000`, { field: 'scheduler', got: 0 }],
] as const)
  test(`a service is refused by its first wrong field: ${what}`, () => {
    expect(readService(attributesOf(`01010000 ${nest}`), true)).toEqual({ ok: false, error })
  })

test('a removal names what it removes and nothing else', () => {
  expect(written(ipvsCommands.deleteDaemon, [daemonRoleAttribute('master', true)])).toBe(
    plain('0a010000 0c00 0380 0800 0100 01000000'),
  )
  const at = { address: address('10.9.0.11'), port: 8443 }
  expect(
    written(ipvsCommands.deleteDestination, [
      serviceIdentityAttribute(web, true),
      destinationIdentityAttribute(at, true),
    ]),
  ).toBe(
    plain(`07010000 3000 0180 0600 0100 0200 0000 0600 0200 0600 0000 1400 0300 c6336407 000000000000000000000000
      0600 0400 01bb 0000 2800 0280 0600 0b00 0200 0000 1400 0100 0a09000b 000000000000000000000000 0600 0200 20fb 0000`),
  )
})
