import { assertNever } from '../../base/index.ts'
import type { ProcessSettings } from '../../model/index.ts'
import { outcome } from '../../proto/probe/index.ts'
import { descriptorLimit } from '../../sys/process/index.ts'
import { openTimer, systemClock } from '../../sys/time/index.ts'
import { askNameServers } from './ask-name-servers.ts'
import { probeDns } from './dns.ts'
import { probeGrpc } from './grpc.ts'
import { probeHttp } from './http.ts'
import { probeHttp2 } from './http2.ts'
import { lookUp } from './lookup.ts'
import { probePing } from './ping.ts'
import type { CheckerPorts } from './ports.ts'
import { hostNameServers } from './resolv-conf.ts'
import { probeSmtp } from './smtp.ts'
import { probeTcp } from './tcp.ts'
import { probeUdp } from './udp.ts'
import { watchAddresses } from './watch-addresses.ts'

/** Enough for 30,000 servers that say nothing, with three seconds of connect_timeout and a delay_loop of three; each takes some 10 kB. */
const MOST_PROBES = 16_384

/** @param settings  of this process, those that concern what it opens */
export const systemPorts = (settings: Pick<ProcessSettings, 'commandBuffer' | 'monitorBuffer'> = {}): CheckerPorts => ({
  clock: systemClock,
  openTimer,
  random: Math.random,
  probesAtATime: Math.min(MOST_PROBES, Math.floor(descriptorLimit() / 2)),
  watchAddresses: (onAddresses, log) => watchAddresses(onAddresses, log, settings),
  lookUp: (of, nameServers, signal) => lookUp(of, askNameServers(nameServers ?? hostNameServers(), signal)),
  probe(checker, request, signal, tlsClient) {
    switch (checker.kind) {
      case 'tcp':
        return probeTcp(checker, signal)
      case 'http':
        return checker.httpVersion === '2'
          ? probeHttp2(checker, request, signal, tlsClient)
          : probeHttp(checker, request, signal, tlsClient)
      case 'grpc':
        return probeGrpc(checker, signal, tlsClient)
      case 'smtp':
        return probeSmtp(checker, signal)
      case 'dns':
        return probeDns(checker, signal)
      case 'udp':
        return probeUdp(checker, signal)
      case 'ping':
        return probePing(checker, signal)
      case 'misc':
        return Promise.resolve(outcome('not-supported', 'scripts are run by the supervisor'))
      // They are told, and never ask.
      case 'bfd':
      case 'file':
        return Promise.resolve(outcome('not-supported', 'this checker makes no probe'))
      default:
        return assertNever(checker)
    }
  },
})
