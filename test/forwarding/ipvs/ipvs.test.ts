/** What of the ipvs backend needs no kernel; the rest is told by the contract suite inside the guest. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { address, fail, ok, silentLog } from '../../../src/base/index.ts'
import {
  type Destination,
  endpoint,
  type ForwardingOp,
  type Service,
  type ServiceState,
  serviceKey,
} from '../../../src/forwarding/index.ts'
import { connectionOf } from '../../../src/forwarding/ipvs/connections.ts'
import { openIpvsBackend } from '../../../src/forwarding/ipvs/index.ts'
import { parseServiceKey } from '../../../src/forwarding/ipvs/keys.ts'
import { refusal, serviceRefusals } from '../../../src/forwarding/ipvs/refusal.ts'
import {
  fromKernelDestination,
  fromKernelService,
  toKernelDestination,
  toKernelService,
} from '../../../src/forwarding/ipvs/translate.ts'
import type { ServiceAddress } from '../../../src/model/index.ts'
import type { GenericClient, OpenGenericClient } from '../../../src/sys/netlink/index.ts'
import { infoAttributes, ipvsCommands, readConnectionLine } from '../../../src/wire/ipvs/index.ts'

const absent: OpenGenericClient = () => fail({ code: 'ENOENT', message: 'No such file or directory (ENOENT)' })

/** A kernel that refuses commands with an errno, and takes all others; `said` is what it was told. */
function kernel(refuses: Readonly<Record<number, string>> = {}) {
  const said: number[] = []
  const client: GenericClient = {
    execute(what, command) {
      said.push(command)
      const code = refuses[command]
      return code === undefined ? ok(undefined) : fail({ code, message: `${what}: ${code}` })
    },
    ask(what, command) {
      const code = refuses[command]
      if (code !== undefined) return fail({ code, message: `${what}: ${code}` })
      const attributes = infoAttributes({ version: 0x010201, connectionTableSize: 4096 }, true)
      return ok({ command: ipvsCommands.setInfo, version: 1, attributes })
    },
    dump: () => ok([]),
    close() {},
  }
  const open = async () => {
    const opened = await openIpvsBackend({ log: silentLog, openGenericClient: () => ok(client) })
    if (!opened.ok) throw new Error(opened.error.message)
    return opened.value
  }
  return { said, client, open }
}

const web: ServiceAddress = { kind: 'address', protocol: 'tcp', address: address('192.0.2.1'), port: 80 }
const service: Service = { address: web, scheduler: 'wlc', onePacket: false }
const server: Destination = {
  address: address('192.0.2.11'),
  port: 80,
  weight: 1,
  method: 'nat',
  upperThreshold: 0,
  lowerThreshold: 0,
}
const put: ForwardingOp = { type: 'put-service', service }
const putServer: ForwardingOp = { type: 'put-destination', serviceKey: serviceKey(web), destination: server }

describe('opening', () => {
  test('a kernel without IPVS is asked to load it, once, and then named with the remedy', async () => {
    const asked: string[] = []
    const opened = await openIpvsBackend({
      log: silentLog,
      openGenericClient: absent,
      loadModule: (name) => {
        asked.push(name)
        return fail({ message: 'modprobe: FATAL: Module ip_vs not found' })
      },
    })
    expect(asked).toEqual(['ip_vs'])
    expect(opened).toEqual({
      ok: false,
      error: {
        reason: 'no-ip-vs',
        message:
          'the kernel has no IPVS: modprobe: FATAL: Module ip_vs not found; install its module ip_vs, or use --backend ebpf',
      },
    })
  })

  test('a module that loads is enough', async () => {
    let loaded = false
    const { client } = kernel()
    const opened = await openIpvsBackend({
      log: silentLog,
      openGenericClient: (name, version) => (loaded ? ok(client) : absent(name, version)),
      loadModule: () => {
        loaded = true
        return ok(undefined)
      },
    })
    expect(opened.ok).toBe(true)
  })

  test('without privileges it says which are wanted', async () => {
    const { client } = kernel({ [ipvsCommands.getInfo]: 'EPERM' })
    const opened = await openIpvsBackend({ log: silentLog, openGenericClient: () => ok(client) })
    expect(opened).toMatchObject({ ok: false, error: { reason: 'no-privileges' } })
  })
})

describe('orders', () => {
  test('what is there is edited', async () => {
    const { open, said } = kernel({ [ipvsCommands.newService]: 'EEXIST', [ipvsCommands.newDestination]: 'EEXIST' })
    expect(await (await open()).apply([put, putServer])).toEqual([ok(undefined), ok(undefined)])
    expect(said).toEqual([
      ipvsCommands.newService,
      ipvsCommands.setService,
      ipvsCommands.newDestination,
      ipvsCommands.setDestination,
    ])
  })

  test('what is gone is removed', async () => {
    const { open } = kernel({ [ipvsCommands.deleteService]: 'ESRCH', [ipvsCommands.deleteDestination]: 'ENOENT' })
    const key = serviceKey(web)
    const results = await (await open()).apply([
      { type: 'remove-destination', serviceKey: key, destinationKey: endpoint(server) },
      { type: 'remove-service', serviceKey: key },
    ])
    expect(results).toEqual([ok(undefined), ok(undefined)])
  })

  test('closed with nothing left, only what it put is removed', async () => {
    const { open, said } = kernel()
    const backend = await open()
    await backend.apply([put])
    await backend.close('nothing')
    await backend.close('nothing')
    expect(said).toEqual([ipvsCommands.newService, ipvsCommands.deleteService])
    said.length = 0
    const other = await open()
    await other.close('nothing')
    expect(said).toEqual([])
  })

  const tunnelled: Destination = { ...server, tunnel: { type: 'gre', port: 0, checksum: 'none' } }
  for (const [what, op, reason] of [
    ['fullnat', { ...putServer, destination: { ...server, method: 'fullnat' } }, 'not-supported'],
    ['local addresses', { ...put, service: { ...service, localAddresses: [address('192.0.2.2')] } }, 'not-supported'],
    ['the TCP option', { ...put, service: { ...service, tcpOptionAddress: true } }, 'not-supported'],
    ['a tunnel without TUN', { ...putServer, destination: tunnelled }, 'invalid'],
    ['a service key that is none', { ...putServer, serviceKey: 'web' }, 'not-found'],
    ['a setting that is none', { type: 'set-settings', settings: { sloppy_tcp: 7 } }, 'invalid'],
  ] as const satisfies readonly (readonly [string, ForwardingOp, string])[])
    test(`${what} is refused before the kernel hears of it: ${reason}`, async () => {
      const { open, said } = kernel()
      expect(await (await open()).apply([op])).toMatchObject([{ ok: false, error: { reason } }])
      expect(said).toEqual([])
    })

  test('a refusal of the kernel has its code, and a sentence with a remedy', () => {
    expect(refusal('tcp/192.0.2.1:80', { code: 'ENOENT', message: '' }, serviceRefusals('mh', undefined))).toEqual(
      fail({
        reason: 'not-supported',
        code: 'ENOENT',
        message: 'tcp/192.0.2.1:80: the kernel has no scheduler mh; modprobe ip_vs_mh tells why',
      }),
    )
    expect(refusal('x', { code: 'EIO', message: 'x: Input/output error (EIO)' }, {})).toEqual(
      fail({ reason: 'system', code: 'EIO', message: 'x: Input/output error (EIO)' }),
    )
  })
})

describe('translation', () => {
  const port = fc.nat({ max: 65535 })
  const anyAddress: fc.Arbitrary<ServiceAddress> = fc.oneof(
    fc.record({
      kind: fc.constant('address' as const),
      protocol: fc.constantFrom('tcp' as const, 'udp' as const, 'sctp' as const),
      address: fc.constantFrom(address('192.0.2.1'), address('2001:db8::1')),
      port,
    }),
    fc.record({
      kind: fc.constant('fwmark' as const),
      family: fc.constantFrom(4 as const, 6 as const),
      mark: fc.integer({ min: 1, max: 0xffffffff }),
    }),
  )

  test('a service is what it was', () => {
    const anyService = fc.record(
      {
        address: anyAddress,
        scheduler: fc.constantFrom('rr' as const, 'mh' as const),
        onePacket: fc.boolean(),
        schedulerFlags: fc.subarray(['flag-1', 'flag-2', 'flag-3'] as const, { minLength: 1 }),
        persistence: fc.record({
          timeout: fc.integer({ min: 1, max: 2678400 }),
          prefixLength: fc.integer({ min: 1, max: 32 }),
        }),
        persistenceEngine: fc.constant('sip'),
      },
      { requiredKeys: ['address', 'scheduler', 'onePacket'] },
    )
    fc.assert(
      fc.property(anyService, (one: Service) => void expect(fromKernelService(toKernelService(one))).toEqual(one)),
    )
  })

  test('a destination is what it was; ipip, which is meant where no tunnel is named, is not named', () => {
    const anyTunnel = fc.constantFrom(
      { type: 'gue', port: 6080, checksum: 'remote-checksum' } as const,
      { type: 'gre', port: 0, checksum: 'checksum' } as const,
    )
    const anyDestination = fc.oneof(
      fc.constantFrom('nat' as const, 'dr' as const, 'tun' as const).map((method) => ({ ...server, method })),
      anyTunnel.map((tunnel) => ({ ...server, method: 'tun' as const, tunnel })),
    )
    fc.assert(
      fc.property(
        anyDestination,
        (one: Destination) => void expect(fromKernelDestination(toKernelDestination(one))).toEqual(one),
      ),
    )
    const ipip: Destination = { ...server, method: 'tun', tunnel: { type: 'ipip', port: 0, checksum: 'none' } }
    expect(fromKernelDestination(toKernelDestination(ipip))).toEqual({ ...server, method: 'tun' })
  })

  test('a mask with gaps counts its bits', () => {
    expect(fromKernelService({ ...toKernelService(service), flags: 1, timeout: 9, netmask: 0xff00ff00 })).toMatchObject(
      {
        persistence: { timeout: 9, prefixLength: 16 },
      },
    )
  })

  test('keys are read back', () => {
    fc.assert(fc.property(anyAddress, (one) => void expect(parseServiceKey(serviceKey(one))).toEqual(one)))
    for (const text of ['', 'tcp/', 'ah/192.0.2.1:80', 'tcp/192.0.2.1', 'fwmark/5/1', '192.0.2.1:80'])
      expect(parseServiceKey(text)).toBeUndefined()
    fc.assert(fc.property(fc.string(), (text) => void parseServiceKey(text)))
  })
})

describe('connections', () => {
  const held = (at: ServiceAddress, ...destinations: readonly Destination[]): readonly [string, ServiceState] => [
    serviceKey(at),
    { service: { ...service, address: at }, destinations },
  ]
  const tunnelled: Destination = { ...server, port: 0, method: 'tun' }
  const services = new Map([
    held(web, server),
    held({ ...web, protocol: 'udp', port: 0 }, { ...server, port: 0, method: 'dr' }),
    held({ kind: 'fwmark', family: 4, mark: 9 }, tunnelled),
  ])
  const told = (line: string) => {
    const parsed = readConnectionLine(line)
    return parsed === undefined ? undefined : connectionOf(parsed, services, false)
  }

  test('a connection is given to its service, and has the method of its destination', () => {
    expect(told('TCP C6336409 C74E C0000201 0050 C000020B 0050 ESTABLISHED 897')).toEqual({
      serviceKey: 'tcp/192.0.2.1:80',
      protocol: 'tcp',
      client: '198.51.100.9',
      clientPort: 51022,
      virtual: '192.0.2.1',
      virtualPort: 80,
      destination: '192.0.2.11',
      destinationPort: 80,
      state: 'ESTABLISHED',
      expiresIn: 897,
      template: false,
      method: 'nat',
      synced: false,
    })
  })

  test('a service for any port has those that no other has', () => {
    expect(told('UDP C6336409 C74E C0000201 0035 C000020B 0035 UDP 300')).toMatchObject({
      serviceKey: 'udp/192.0.2.1:0',
      method: 'dr',
    })
  })

  test('a service by mark has those to its destinations, and its templates tell the mark', () => {
    expect(told('TCP C6336409 C74E C0000263 01BB C000020B 01BB ESTABLISHED 897')).toMatchObject({
      serviceKey: 'fwmark/4/9',
      method: 'tun',
    })
    expect(told('IP  C6336400 0000 00000009 0000 C000020B 0000 ASSURED 312')).toMatchObject({
      serviceKey: 'fwmark/4/9',
      mark: 9,
      virtual: '0.0.0.0',
      template: true,
    })
  })

  test('a destination that is gone, and bypass', () => {
    expect(told('TCP C6336409 C74E C0000201 0050 C0000263 1F90 CLOSE 3')).toMatchObject({ method: 'nat' })
    expect(told('TCP C6336409 C74E C0000263 0050 00000000 0000 CLOSE 3')).toMatchObject({ method: 'bypass' })
  })
})
