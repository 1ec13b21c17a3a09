import type { Instant } from '../../base/index.ts'
import type { BfdSession } from '../../model/index.ts'
import type { BfdSessionSnapshot } from '../../observe/index.ts'
import {
  type BfdDiagnostic,
  type BfdState,
  detectionTime,
  diagnosticText,
  transmitInterval,
} from '../../proto/bfd/index.ts'
import type { UdpSender } from '../../sys/socket/index.ts'

/** A session at work. */
export type RunningBfd = {
  readonly key: string
  session: BfdSession
  state: BfdState
  /** Wall time in milliseconds at which its state was entered. */
  since: number
  /** RFC 5881 §4: one from 49152 to 65535 for as long as it lives. */
  sourcePort: number
  /** Absent: it could not be opened, for `failure`. */
  sender?: UdpSender
  failure?: string
  /** What trackers take it for; undefined: not known yet, after another process had it. */
  path: 'good' | 'bad' | undefined
  /** What was known before this process holds so long. */
  presumedUntil?: Instant
  sent: number
  received: number
  readonly drops: Map<string, number>
  /** What has been complained of in this state. */
  readonly complained: Set<string>
}

const SECOND = 1_000_000

/** @param unclaimed how many packets came to its port from no neighbour */
export function bfdSnapshotOf(one: RunningBfd, unclaimed: number, failure: string | undefined): BfdSessionSnapshot {
  const { session, state } = one
  const { remote } = state
  const heard = remote.discriminator !== 0
  const interval = transmitInterval(state)
  return {
    name: session.name,
    neighbour: session.neighbour,
    ...(session.source === undefined ? {} : { source: session.source }),
    ...(session.interface === undefined ? {} : { interface: session.interface }),
    multihop: session.multihop,
    passive: session.passive,
    state: state.name,
    since: new Date(one.since).toISOString(),
    ...diagnostic(state.diagnostic),
    ...(one.path === undefined ? {} : { path: one.path }),
    discriminator: state.discriminator,
    sourcePort: one.sourcePort,
    multiplier: session.multiplier,
    minTransmit: state.transmit.told / SECOND,
    minReceive: state.receive.told / SECOND,
    ...(state.sendAt === undefined || interval === undefined ? {} : { transmitInterval: interval / SECOND }),
    ...(heard
      ? {
          detectionTime: detectionTime(state) / SECOND,
          remote: {
            state: remote.state,
            ...diagnostic(remote.diagnostic),
            discriminator: remote.discriminator,
            multiplier: remote.multiplier,
            minTransmit: remote.minTransmit / SECOND,
            minReceive: remote.minReceive / SECOND,
          },
        }
      : {}),
    packetsSent: one.sent,
    packetsReceived: one.received,
    drops: Object.fromEntries(one.drops),
    ...(unclaimed === 0 ? {} : { unclaimed }),
    ...(failure === undefined ? {} : { failure }),
  }
}

const diagnostic = (of: BfdDiagnostic): { readonly diagnostic?: string } =>
  of === 0 ? {} : { diagnostic: diagnosticText(of) }
