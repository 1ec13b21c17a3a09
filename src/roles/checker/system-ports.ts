import { assertNever } from '../../base/index.ts'
import { openTimer, systemClock } from '../../sys/time/index.ts'
import { probeHttp } from './http.ts'
import type { CheckerPorts } from './ports.ts'
import { probeTcp } from './tcp.ts'

export const systemPorts = (): CheckerPorts => ({
  clock: systemClock,
  openTimer,
  random: Math.random,
  probe(checker, request, signal) {
    switch (checker.kind) {
      case 'tcp':
        return probeTcp(checker, signal)
      case 'http':
        return probeHttp(checker, request, signal)
      default:
        return assertNever(checker)
    }
  },
})
