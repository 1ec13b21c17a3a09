import { address, micros, seconds } from '../../../src/base/index.ts'
import {
  type Configuration,
  type RealServer,
  serviceKey,
  type VirtualRouter,
  type VirtualServer,
} from '../../../src/model/index.ts'

export function router(name: string, more: Partial<VirtualRouter> = {}): VirtualRouter {
  return {
    name,
    family: 4,
    version: 2,
    interface: 'eth0',
    virtualRouterId: 51,
    initialState: 'backup',
    priority: 100,
    advertisementInterval: seconds(1),
    addresses: [],
    excludedAddresses: [],
    preempt: true,
    preemptDelay: micros(0),
    multicastGroup: address('224.0.0.18'),
    unicastPeers: [],
    unicastTtl: 255,
    checkUnicastSource: false,
    downTimerAdverts: 3,
    announcements: {
      masterDelay: seconds(5),
      masterRepeat: 5,
      masterRefresh: micros(0),
      masterRefreshRepeat: 1,
      lowerPrioDelay: seconds(5),
      lowerPrioRepeat: 5,
      garpInterval: micros(0),
      gnaInterval: micros(0),
    },
    lowerPrioNoAdvert: false,
    higherPrioSendAdvert: false,
    ownerIgnoreAdverts: false,
    skipCheckAdvAddr: false,
    v3ChecksumAsV2: false,
    dontTrackPrimary: false,
    tracks: [],
    notify: {},
    ...more,
  }
}

export function realServer(last: number, more: Partial<RealServer> = {}): RealServer {
  return {
    address: address(`192.0.2.${last}`),
    port: 80,
    weight: 1,
    method: 'dr',
    inhibitOnFailure: false,
    upperThreshold: 0,
    lowerThreshold: 0,
    checkers: [],
    ...more,
  }
}

export function virtualServer(last: number, more: Partial<VirtualServer> = {}): VirtualServer {
  const service = { kind: 'address', protocol: 'tcp', address: address(`203.0.113.${last}`), port: 80 } as const
  return {
    key: serviceKey(service),
    service,
    scheduler: 'rr',
    onePacket: false,
    realServers: [realServer(1)],
    quorum: 1,
    hysteresis: 0,
    alpha: false,
    omega: false,
    ...more,
  }
}

export function configurationFor(more: Partial<Configuration> = {}): Configuration {
  return {
    global: {
      routerId: 'test',
      mail: { recipients: [], port: 25, connectTimeout: seconds(30) },
      enableScriptSecurity: false,
      childWaitTime: seconds(5),
      lvsFlush: false,
      lvsFlushOnStop: false,
    },
    virtualRouters: [router('VI_1')],
    syncGroups: [],
    trackScripts: [],
    trackFiles: [],
    trackProcesses: [],
    bfdSessions: [],
    virtualServers: [virtualServer(1)],
    ...more,
  }
}
