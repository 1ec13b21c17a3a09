import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { address, familyOf, type IpAddress, type Micros } from '../../src/base/index.ts'
import { loadConfiguration, print, showConfiguration } from '../../src/config/index.ts'
import {
  type BfdSession,
  bfdSessionKey,
  type Checker,
  type Command,
  type Configuration,
  type HmacSettings,
  type RealServer,
  schedulerFlags,
  schedulers,
  serviceKey,
  servicesOf,
  settingNames,
  settingRules,
  type Track,
  type TrackProcess,
  type VirtualRouter,
  type VirtualServer,
  virtualRouterKey,
  virtualServerKey,
} from '../../src/model/index.ts'
import { fuzzRuns, fuzzTimeout } from '../fuzz-runs.ts'
import { serviceCheckers } from './checker-values.ts'
import { load, MAIN, memoryFiles, told } from './files.ts'

const word = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a word holds none
  .map((text) => text.replace(/[\s"$\0-\x1f\x7f-\x9f\uFEFF]/g, '_'))
const micros = (most: number) => fc.integer({ min: 1, max: most }).map((us) => us as Micros)
const ipv4 = fc
  .tuple(fc.integer({ min: 1, max: 223 }), fc.nat(255), fc.nat(255))
  .map(([a, b, c]) => address(`${a}.${b}.${c}.1`))
const ipv6 = fc
  .tuple(fc.nat(0xffff), fc.nat(0xffff))
  .map(([a, b]) => address(`2001:db8:${a.toString(16)}::${b.toString(16)}:1`))
const device = fc.constantFrom('eth0', 'eth1.5', 'bond0')
const argument = fc.string({ unit: 'grapheme', maxLength: 10 }).map((text) => text.replace(/[\r\n\0\x80-\x9f]/g, '\t'))
const command: fc.Arbitrary<Command> = fc
  .record(
    {
      argv: fc
        .tuple(fc.constant('/bin/x'), fc.array(argument, { maxLength: 3 }))
        .map(([program, rest]) => [program, ...rest]),
      user: fc.constantFrom('root', 'a b'),
      group: fc.constantFrom('wheel', 'c d'),
      supplementaryGroups: fc.constant(true as const),
    },
    { requiredKeys: ['argv'] },
  )
  .map(({ user, group, supplementaryGroups, argv }) =>
    without({
      argv,
      ...(user === undefined ? {} : { user, group, supplementaryGroups }),
    }),
  )

const some = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined })
const without = <T extends object>(of: T): T =>
  Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined)) as T

const hmacOf = ({ key, ...rest }: { readonly key: string } & Pick<HmacSettings, 'window' | 'antiReplay' | 'mode'>) => ({
  keys: [
    { id: 255, key },
    { id: 3, key },
  ],
  activeKey: 3,
  ...rest,
})

const router: fc.Arbitrary<VirtualRouter> = fc
  .record({
    name: word,
    family: fc.constantFrom(4 as const, 6 as const),
    interface: device,
    virtualRouterId: fc.integer({ min: 1, max: 255 }),
    master: fc.boolean(),
    priority: fc.integer({ min: 1, max: 255 }),
    version: fc.constantFrom(2 as const, 3 as const),
    interval: fc.integer({ min: 1, max: 40 }),
    password: some(fc.constantFrom('1111', 'p#ss', "it's", 'a b {}', '12345678', 'äöüß')),
    addresses4: fc.uniqueArray(ipv4, { minLength: 1, maxLength: 4 }),
    addresses6: fc.uniqueArray(ipv6, { minLength: 1, maxLength: 4 }),
    label: some(fc.constant('x:1')),
    preempt: fc.boolean(),
    delay: micros(1000_000_000),
    unicast: fc.boolean(),
    source: fc.boolean(),
    flags: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
    times: fc.array(micros(4_000_000_000), { minLength: 3, maxLength: 3 }),
    counts: fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 4, maxLength: 4 }),
    notify: fc.record({ master: command, any: command, stop: command }, { requiredKeys: [] }),
    hmac: some(
      fc.record({
        key: fc.uint8Array({ minLength: 32, maxLength: 64 }).map((key) => Buffer.from(key).toString('hex')),
        window: fc.integer({ min: 1, max: 300 }),
        antiReplay: fc.constantFrom('time' as const, 'monotonic' as const),
        mode: fc.constantFrom('enforce' as const, 'permissive' as const, 'receive-only' as const),
      }),
    ),
  })
  .map((seed): VirtualRouter => {
    const version = seed.family === 6 ? 3 : seed.version
    const all: readonly IpAddress[] = seed.family === 4 ? seed.addresses4 : seed.addresses6
    const others: readonly IpAddress[] = seed.family === 4 ? seed.addresses6 : seed.addresses4
    const preempt = seed.preempt || seed.master || seed.priority === 255
    const [f1, f2, f3, f4, f5, f6, f7, f8] = seed.flags as [
      boolean,
      boolean,
      boolean,
      boolean,
      boolean,
      boolean,
      boolean,
      boolean,
    ]
    return without({
      name: seed.name,
      family: seed.family,
      version,
      interface: seed.interface,
      virtualRouterId: seed.virtualRouterId,
      initialState: seed.master ? ('master' as const) : ('backup' as const),
      priority: seed.priority,
      advertisementInterval: (seed.interval * 1_000_000) as Micros,
      ...(seed.hmac === undefined ? {} : { hmac: hmacOf(seed.hmac) }),
      ...(version === 2 && seed.password !== undefined && seed.hmac === undefined
        ? { authentication: { type: seed.master ? ('pass' as const) : ('ah' as const), password: seed.password } }
        : {}),
      addresses: all.map((one, i) => ({
        address: one,
        prefixLength: 20 + i,
        interface: i === 0 ? seed.interface : 'eth7',
        scope: seed.family === 4 ? i : 0,
        ...(seed.family === 4 && seed.label !== undefined
          ? { label: seed.label, broadcast: address('192.0.2.255') }
          : {}),
      })),
      excludedAddresses: others.map((one) => ({ address: one, prefixLength: 32, interface: 'eth8', scope: 0 })),
      preempt,
      preemptDelay: (seed.master || !preempt ? 0 : seed.delay) as Micros,
      ...(seed.source ? { source: all[0] as IpAddress } : {}),
      multicastGroup: address(seed.family === 4 ? (f1 ? '224.0.0.18' : '224.0.0.77') : f1 ? 'ff02::12' : 'ff02::77'),
      unicastPeers: seed.unicast ? all : [],
      ...(seed.unicast && f2 ? { peerTtlLimits: [{ peer: all[0] as IpAddress, min: 3, max: 250 }] } : {}),
      ...(f3 ? { tellsDeleted: true as const } : {}),
      ...(f4 ? { tellsPriority: true as const } : {}),
      ...(f5 && !preempt ? { oversleptPriority: seed.counts[2] as number } : {}),
      ...(f6 && !seed.unicast ? { lacksPeers: true as const } : {}),
      unicastTtl: seed.counts[0] as number,
      checkUnicastSource: f2,
      downTimerAdverts: seed.counts[1] as number,
      announcements: {
        masterDelay: seed.times[0] as Micros,
        masterRepeat: seed.counts[2] as number,
        masterRefresh: seed.times[1] as Micros,
        masterRefreshRepeat: seed.counts[3] as number,
        lowerPrioDelay: seed.times[2] as Micros,
        lowerPrioRepeat: seed.counts[2] as number,
        garpInterval: 5 as Micros,
        gnaInterval: 1_500_000 as Micros,
      },
      lowerPrioNoAdvert: f3,
      higherPrioSendAdvert: f4,
      ownerIgnoreAdverts: f5 && seed.priority === 255,
      skipCheckAdvAddr: f6,
      v3ChecksumAsV2: f7,
      dontTrackPrimary: f8,
      tracks: [],
      notify: seed.notify,
    })
  })

const webChecker: fc.Arbitrary<Extract<Checker, { readonly kind: 'tcp' | 'http' | 'grpc' }>> = fc
  .record({
    http: fc.boolean(),
    target: some(ipv4),
    port: fc.integer({ min: 1, max: 65535 }),
    bind: fc.boolean(),
    retry: fc.nat(9),
    times: fc.array(micros(4_000_000_000), { minLength: 4, maxLength: 4 }),
    flags: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    path: word,
    host: some(word),
    version: fc.constantFrom('1.0' as const, '1.0C' as const, '1.1' as const),
    second: fc.boolean(),
    wanted: fc.record(
      {
        headers: fc.array(fc.record({ name: fc.constantFrom('X-A', 'via'), value: word }, { requiredKeys: ['name'] }), {
          minLength: 1,
          maxLength: 2,
        }),
        json: fc.array(
          fc.record(
            {
              path: fc.array(fc.oneof(fc.nat(9), fc.constantFrom('a', 'b-c', 'd e', '7')), { maxLength: 3 }),
              value: word,
            },
            { requiredKeys: ['path'] },
          ),
          { minLength: 1, maxLength: 2 },
        ),
        pattern: fc.record(
          {
            source: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
            options: fc.subarray(['caseless', 'dotall', 'utf']),
            forbidden: fc.constant(true as const),
            minOffset: fc.integer({ min: 1, max: 9 }),
            maxOffset: fc.integer({ min: 10, max: 99 }),
          },
          { requiredKeys: ['source', 'options'] },
        ),
      },
      { requiredKeys: [] },
    ),
    tls: some(
      fc.record(
        {
          serverName: word,
          asked: fc.record(
            {
              alpn: fc.array(word, { minLength: 1, maxLength: 2 }),
              pins: fc.array(fc.constantFrom('0f'.repeat(32), 'a1'.repeat(32)), { minLength: 1, maxLength: 3 }),
              verify: fc.constant(true as const),
            },
            { requiredKeys: [] },
          ),
          hostName: word,
          maxVersion: fc.constantFrom('1.2' as const, '1.3' as const),
        },
        { requiredKeys: ['asked'] },
      ),
    ),
  })
  .map((seed) => {
    const common = {
      timing: {
        delayLoop: seed.times[0] as Micros,
        retry: seed.retry,
        delayBeforeRetry: seed.times[1] as Micros,
        warmup: seed.times[2] as Micros,
        alpha: seed.flags[0] as boolean,
        logAllFailures: seed.flags[1] as boolean,
      },
      target: {
        address: seed.target ?? address('10.0.0.1'),
        port: seed.port,
        ...(seed.bind ? { bindAddress: address('10.9.9.9'), bindPort: 7, bindInterface: 'eth3', fwmark: 9 } : {}),
        connectTimeout: seed.times[3] as Micros,
      },
    }
    if (!seed.http)
      return seed.second
        ? {
            kind: 'grpc' as const,
            ...common,
            service: seed.path,
            ...(seed.host === undefined ? {} : { virtualHost: seed.host }),
            ...(seed.tls === undefined ? {} : { tls: {} }),
          }
        : { kind: 'tcp' as const, ...common }
    const requests = [
      {
        path: `/${seed.path}`,
        statusCodes: [
          { from: 200, to: 299 },
          { from: 404, to: 404 },
        ],
      },
      { path: '/2', digest: '0123456789abcdef0123456789abcdef', statusCodes: [{ from: 200, to: 200 }] },
    ].map((request) => ({ ...request, ...(seed.host === undefined ? {} : { virtualHost: seed.host }) }))
    const tls = seed.tls
    return {
      kind: 'http' as const,
      ...common,
      requests: requests.map((request) => ({
        ...request,
        ...(tls?.serverName === undefined ? {} : { serverName: tls.serverName }),
        ...(tls === undefined || seed.second || request.path !== '/2' ? {} : { closeNotify: true as const }),
        ...(request.path === '/2' ? seed.wanted : {}),
      })),
      httpVersion: seed.second ? ('2' as const) : seed.version,
      ...(tls === undefined
        ? {}
        : {
            tls: {
              ...(tls.maxVersion === undefined ? {} : { minVersion: '1.1' as const, maxVersion: tls.maxVersion }),
              ...(seed.second ? (({ alpn: _alpn, ...rest }) => rest)(tls.asked) : tls.asked),
              ...(tls.asked.verify === undefined || tls.hostName === undefined ? {} : { hostName: tls.hostName }),
            },
          }),
      fastRecovery: seed.flags[2] as boolean,
    }
  })
const checker: fc.Arbitrary<Checker> = fc.oneof(webChecker, serviceCheckers(webChecker, word))

const virtualServer: fc.Arbitrary<VirtualServer> = fc
  .record({
    address: ipv4,
    port: fc.nat(65535),
    mark: some(fc.nat(99)),
    protocol: fc.constantFrom('tcp' as const, 'udp' as const, 'sctp' as const),
    scheduler: fc.constantFrom(...schedulers),
    forwarding: fc.oneof(
      fc.constantFrom<Pick<RealServer, 'method' | 'tunnel'>>(
        { method: 'nat' },
        { method: 'dr' },
        { method: 'tun' },
        { method: 'fullnat' },
      ),
      fc.record({
        method: fc.constant('tun' as const),
        tunnel: fc.oneof(
          fc.record({
            type: fc.constant('gue' as const),
            port: fc.integer({ min: 1, max: 65535 }),
            checksum: fc.constantFrom('none' as const, 'checksum' as const, 'remote-checksum' as const),
          }),
          fc.record({
            type: fc.constant('gre' as const),
            port: fc.constant(0),
            checksum: fc.constantFrom('none' as const, 'checksum' as const),
          }),
        ),
      }),
    ),
    schedulerFlags: fc.subarray([...schedulerFlags], { minLength: 0 }),
    engine: fc.boolean(),
    locals: fc.uniqueArray(ipv4, { minLength: 1, maxLength: 3 }),
    prefixLength: some(fc.integer({ min: 0, max: 32 })),
    servers: fc.uniqueArray(ipv4, { minLength: 1, maxLength: 3 }),
    weights: fc.array(fc.nat(9), { minLength: 3, maxLength: 3 }),
    checkers: fc.array(checker, { maxLength: 2 }),
    flags: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    script: some(command),
    sorry: some(ipv4),
    others: fc.uniqueArray(ipv4, { maxLength: 3 }),
    grouped: fc.boolean(),
  })
  .map((seed): VirtualServer => {
    const service =
      seed.mark === undefined
        ? ({ kind: 'address', protocol: seed.protocol, address: seed.address, port: seed.port } as const)
        : ({ kind: 'fwmark', family: 4, mark: seed.mark } as const)
    const port = service.kind === 'fwmark' ? 0 : service.port
    const realServers = seed.servers.map(
      (one, i): RealServer =>
        without({
          address: one,
          port: port === 0 ? 0 : i === 2 ? 8080 : port,
          weight: seed.weights[i] as number,
          ...(i === 2 ? { method: 'nat' as const } : seed.forwarding),
          inhibitOnFailure: seed.flags[0] as boolean,
          upperThreshold: i * 5,
          lowerThreshold: i,
          checkers: seed.checkers,
          ...(i === 0 ? {} : { slowStart: 30_000_000 as Micros }),
          ...(seed.script === undefined ? {} : { notifyUp: seed.script, notifyDown: seed.script }),
        }),
    )
    const total = realServers.reduce((sum, one) => sum + one.weight, 0)
    const persistent = seed.prefixLength !== undefined || (service.kind === 'address' && port === 0)
    return {
      key: '',
      service,
      ...(seed.grouped
        ? {
            group: {
              name: serviceKey(service),
              others: seed.others
                .map((one, i) =>
                  service.kind === 'fwmark' ? { ...service, mark: service.mark + i + 1 } : { ...service, address: one },
                )
                .filter((one) => serviceKey(one) !== serviceKey(service)),
            },
          }
        : {}),
      scheduler: seed.scheduler,
      ...(seed.schedulerFlags.length === 0 ? {} : { schedulerFlags: seed.schedulerFlags }),
      ...(persistent ? { persistence: { timeout: 50, prefixLength: seed.prefixLength ?? 32 } } : {}),
      ...(persistent && seed.engine ? { persistenceEngine: 'sip' } : {}),
      ...(seed.forwarding.method === 'fullnat' ? { localAddresses: seed.locals } : {}),
      ...(seed.forwarding.method === 'fullnat' &&
      (service.kind === 'fwmark' || service.protocol === 'tcp') &&
      seed.engine
        ? { tcpOptionAddress: true }
        : {}),
      onePacket: (seed.flags[1] as boolean) && (service.kind === 'fwmark' || service.protocol === 'udp'),
      realServers,
      ...(seed.sorry === undefined
        ? {}
        : { sorryServer: { address: seed.sorry, port, ...seed.forwarding, inhibit: seed.flags[0] as boolean } }),
      quorum: Math.max(1, total),
      hysteresis: Math.max(1, total) - 1,
      alpha: seed.flags[2] as boolean,
      omega: seed.flags[3] as boolean,
      ...(seed.flags[0] === true ? { panicThreshold: 40 } : {}),
      ...(seed.flags[1] === true && service.kind === 'address' ? { haSuspend: true as const } : {}),
      ...(seed.script === undefined ? {} : { quorumUp: seed.script }),
    }
  })
  .map((server): VirtualServer => ({ ...server, key: virtualServerKey(server) }))

const fifo = (path: string) =>
  fc.record({ path: fc.constant(path), user: word, reader: command }, { requiredKeys: ['path'] })

const parts: fc.Arbitrary<
  Omit<Configuration, 'syncGroups' | 'trackScripts' | 'trackFiles' | 'trackProcesses' | 'bfdSessions'>
> = fc.record({
  global: fc.record(
    {
      routerId: word,
      mail: fc.record(
        {
          recipients: fc.array(word, { maxLength: 2 }),
          server: word,
          port: fc.constant(25),
          from: word,
          connectTimeout: fc.constant(3_000_000 as Micros),
          withoutFaults: fc.constant(true as const),
          withoutCheckers: fc.constant(true as const),
        },
        { requiredKeys: ['recipients', 'port', 'connectTimeout'] },
      ),
      scriptUser: fc.record(
        {
          user: word,
          group: word.map((text) => text.replace(/^:/, '_')),
          supplementaryGroups: fc.constant(true as const),
        },
        { requiredKeys: ['user'] },
      ),
      supplementaryGroups: fc.constant(true as const),
      enableScriptSecurity: fc.boolean(),
      startupScript: command,
      startupScriptTimeout: fc.integer({ min: 1_000_000, max: 1_000_000_000 }).map((us) => us as Micros),
      shutdownScriptTimeout: fc.integer({ min: 1_000_000, max: 1_000_000_000 }).map((us) => us as Micros),
      fifos: fc
        .record({ all: fifo('/run/a'), vrrp: fifo('/run/b'), lvs: fifo('/run/c d') }, { requiredKeys: [] })
        .filter((fifos) => Object.keys(fifos).length > 0),
      fifoStatesOnReload: fc.constant(true as const),
      vrrpSettings: fc
        .record(
          {
            garpGroups: fc.constant([
              { interfaces: ['eth0', 'eth1.5'], garpInterval: 500_000 as Micros, gnaInterval: 0 as Micros },
            ]),
            // None that virtual routers here are on.
            interfaceDelays: fc.constant([
              { interface: 'eth6', down: 1_500_000 as Micros, up: 250_000_000 as Micros },
              { interface: 'eth7', down: 0 as Micros, up: 0 as Micros },
            ]),
            logUnknownIds: fc.constant(true as const),
            disableLocalIgmp: fc.constant(true as const),
            delayAfterBoot: fc.constant(30_000_000 as Micros),
            autoPriority: fc.record({ most: fc.integer({ min: 1, max: 99 }), lateness: micros(10_000_000) }),
          },
          { requiredKeys: [] },
        )
        .filter((settings) => Object.keys(settings).length > 0),
      realServerInitNotifies: fc.constant(true as const),
      stateDumpFile: word,
      childWaitTime: micros(60_000_000),
      vrrpStartupDelay: fc.integer({ min: 1_000, max: 4_000_000_000 }).map((us) => us as Micros),
      vrrpRtPriority: fc.integer({ min: 1, max: 99 }),
      connectionSync: fc.record(
        {
          interface: fc.constantFrom('eth1', 'bond0.7'),
          syncId: fc.nat(255),
          maxLength: fc.integer({ min: 1, max: 65_507 }),
          port: fc.integer({ min: 1, max: 65_535 }),
          ttl: fc.integer({ min: 1, max: 255 }),
          group: fc.constantFrom(address('224.0.0.82'), address('ff02::81')),
        },
        { requiredKeys: ['interface', 'syncId'] },
      ),
      lvsTimeouts: fc.record({ tcp: fc.integer({ min: 1, max: 2_678_400 }), tcpFin: fc.nat(99), udp: fc.nat(99) }),
      lvsSettings: fc.record(
        {
          ipvs: fc
            .subarray([...settingNames], { minLength: 1 })
            .map((names) => Object.fromEntries(names.map((name) => [name, settingRules[name].max]))),
          connectionTableSize: fc.integer({ min: 1_024, max: 16_777_216 }),
          serviceTableSize: fc.integer({ min: 64, max: 65_536 }),
          destinationTableSize: fc.integer({ min: 64, max: 262_144 }),
          interfaces: fc.uniqueArray(device, { minLength: 1 }),
          xdp: fc.oneof(fc.constantFrom('auto' as const, 'off' as const), fc.uniqueArray(device, { minLength: 1 })),
        },
        { requiredKeys: ['ipvs'] },
      ),
      lvsFlush: fc.boolean(),
      lvsFlushOnStop: fc.boolean(),
    },
    { requiredKeys: ['routerId', 'mail', 'enableScriptSecurity', 'childWaitTime', 'lvsFlush', 'lvsFlushOnStop'] },
  ),
  virtualRouters: fc
    .uniqueArray(router, { selector: virtualRouterKey, maxLength: 3 })
    .map((all) => all.map((one, i) => ({ ...one, name: `${one.name}${i}` }))),
  virtualServers: fc.array(virtualServer, { maxLength: 2 }).filter((servers) => {
    const keys = servers.flatMap((server) => servicesOf(server).map(serviceKey))
    return new Set(keys).size === keys.length
  }),
})

const session: fc.Arbitrary<Omit<BfdSession, 'name'>> = fc
  .record({
    neighbour: fc.oneof(ipv4, ipv6),
    multihop: fc.boolean(),
    minReceive: fc.integer({ min: 1_000, max: 4_000_000_000 }).map((us) => us as Micros),
    minTransmit: fc.integer({ min: 1_000, max: 4_000_000_000 }).map((us) => us as Micros),
    idleTransmit: fc.integer({ min: 1_000_000, max: 4_000_000_000 }).map((us) => us as Micros),
    multiplier: fc.integer({ min: 1, max: 255 }),
    passive: fc.boolean(),
    hopLimit: fc.integer({ min: 1, max: 255 }),
    maxHops: some(fc.integer({ min: 0, max: 254 })),
    isBound: fc.boolean(),
    checker: fc.boolean(),
  })
  .map(({ isBound, maxHops, ...seed }) => ({
    ...seed,
    family: familyOf(seed.neighbour),
    ...(isBound ? { source: address(familyOf(seed.neighbour) === 4 ? '192.0.2.77' : '2001:db8::77') } : {}),
    ...(maxHops === undefined ? {} : { maxHops }),
    vrrp: true,
  }))
const process: fc.Arbitrary<Omit<TrackProcess, 'name'>> = fc
  .record({
    command: word,
    arguments: fc.array(word, { maxLength: 2 }),
    match: some(fc.constantFrom('exact' as const, 'partial' as const, 'initial' as const)),
    fullCommand: fc.boolean(),
    quorum: fc.integer({ min: 1, max: 100 }),
    most: some(fc.integer({ min: 100, max: 65_535 })),
    forkDelay: fc.integer({ min: 0, max: 3_600_000_000 }).map((us) => us as Micros),
    terminateDelay: fc.integer({ min: 0, max: 3_600_000_000 }).map((us) => us as Micros),
  })
  .map(({ match = undefined, most, ...seed }) => {
    const compared = match ?? (seed.arguments.length > 0 ? ('exact' as const) : undefined)
    return {
      ...seed,
      ...without({ match: compared, most }),
      fullCommand: seed.fullCommand || compared !== undefined,
    } as Omit<TrackProcess, 'name'>
  })

const track = (kind: Track['kind']): Track[] => [
  { kind, name: 'eth9', weight: 0, reverse: false },
  { kind, name: 'x.1', weight: -253, reverse: true },
  { kind, name: 'y', weight: 253, reverse: false },
]
const scriptTimes = { interval: 2_500_000 as Micros, timeout: 1_000 as Micros, rise: 3, fall: 2 }

type Parts = Pick<Configuration, 'global' | 'virtualServers'>

/** Mail is sent of something only where there are receivers and a server. */
const alertsOf = ({ global: { mail } }: Parts): { readonly smtpAlert?: true } =>
  mail.recipients.length > 0 && mail.server !== undefined ? { smtpAlert: true } : {}

const alertingServers = (of: Parts): readonly VirtualServer[] =>
  of.virtualServers.map((server) => ({
    ...server,
    ...alertsOf(of),
    realServers: server.realServers.map((real, i) => (i === 0 ? { ...real, ...alertsOf(of) } : real)),
  }))

const configuration: fc.Arbitrary<Configuration> = fc
  .record({
    rest: parts,
    grouped: fc.boolean(),
    tracks: fc
      .tuple(
        fc.subarray(track('interface')),
        fc.subarray(track('script')),
        fc.subarray(track('file')),
        fc.subarray(track('process')),
        fc.subarray(track('bfd')),
      )
      .map((all) => all.flat()),
    process,
    sessions: fc.uniqueArray(session, { minLength: 3, maxLength: 3, selector: bfdSessionKey }),
    trackingWeight: fc.boolean(),
    script: command,
    initFail: fc.boolean(),
    weight: fc.record({ weight: fc.integer({ min: 2, max: 253 }), reverse: fc.boolean() }),
    init: some(fc.record({ value: fc.integer({ min: -999, max: 999 }), overwrite: fc.boolean() })),
    notify: fc.record({ master: command, any: command, stop: command }, { requiredKeys: [] }),
  })
  .map(({ rest, grouped, notify, tracks, trackingWeight, script, initFail, weight, init, process, sessions }) => {
    const alerts = alertsOf(rest)
    if (rest.virtualRouters.length === 0) {
      const nothing = { syncGroups: [], trackScripts: [], trackFiles: [], trackProcesses: [], bfdSessions: [] }
      return { ...rest, virtualServers: alertingServers(rest), ...nothing }
    }
    const members = rest.virtualRouters.map(({ name }) => name)
    return {
      ...rest,
      virtualRouters: rest.virtualRouters.map((one, i) => ({ ...one, tracks, ...(i === 0 ? alerts : {}) })),
      virtualServers: alertingServers(rest),
      syncGroups: grouped ? [{ name: 'a group', members, tracks, trackingWeight, ...alerts, notify }] : [],
      trackScripts: tracks
        .filter(({ kind }) => kind === 'script')
        .map(({ name }) => ({ name, command: script, ...scriptTimes, initFail, weight })),
      trackFiles: tracks
        .filter(({ kind }) => kind === 'file')
        .map(({ name }) => ({ name, path: '/run/a b', ...(init === undefined ? {} : { init }), weight })),
      trackProcesses: tracks.filter(({ kind }) => kind === 'process').map(({ name }) => ({ name, ...process })),
      // Those that nothing tracks run all the same.
      bfdSessions: track('bfd').map(({ name }, i) => ({ name, ...(sessions[i] as (typeof sessions)[number]), weight })),
    }
  })

test('reading undoes printing', { timeout: fuzzTimeout(60_000) }, () => {
  fc.assert(
    fc.property(configuration, (model) => {
      const text = print(model, { secrets: 'shown' })
      const loaded = load(text)
      expect(loaded.model, `${text}\n${told(loaded).join('\n')}`).toEqual(model)
      expect(loaded.diagnostics.filter((one) => one.severity === 'error')).toEqual([])
    }),
    fuzzRuns(200),
  )
})

test('YAML and JSON say the same', { timeout: fuzzTimeout(60_000) }, () => {
  const options = { configId: 'alpha', hostName: 'alpha', environment: { SITE: 'north' } }
  fc.assert(
    fc.property(configuration, fc.constantFrom('yaml' as const, 'json' as const), (model, format) => {
      const ports = memoryFiles({ [MAIN]: print(model, { secrets: 'shown' }) })
      const { text = '' } = showConfiguration(ports, MAIN, options, { format, secrets: 'shown' })
      const path = `/etc/keepalived.${format}`
      const { configuration: again } = loadConfiguration(memoryFiles({ [path]: text }), path, options)
      expect(again, text).toEqual(model)
    }),
    fuzzRuns(100),
  )
})

for (const first of ['@alpha', '$A=1', '~SEQ(A,2)', 'include'])
  test(`a line that begins with ${first}, and is a recipient's name, is quoted`, () => {
    const { model } = load(`global_defs {\n notification_email {\n "${first}" a@example.org\n }\n}\n`)
    expect(model.global.mail.recipients).toEqual([first, 'a@example.org'])
    expect(load(print(model, { secrets: 'shown' })).model).toEqual(model)
  })

for (const name of readdirSync('conf-examples').filter((file) => file.endsWith('.conf')))
  test(`conf-examples/${name} means the same when it is printed and read again`, () => {
    const { model } = load(readFileSync(`conf-examples/${name}`))
    expect(load(print(model, { secrets: 'shown' })).model).toEqual(model)
  })

test('passwords are starred out unless asked for', () => {
  const { model } = load(
    'vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nauthentication {\nauth_type PASS\nauth_pass hunter2\n}\n}',
  )
  expect(print(model)).toContain('auth_pass ********')
  expect(print(model)).not.toContain('hunter2')
})
