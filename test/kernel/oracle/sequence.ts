import type { Family, IpAddress } from '../../../src/base/index.ts'
import type { IpvsSettings, TableOp, Timeouts } from '../../../src/forwarding/index.ts'

/** What clients and servers of a sequence talk about; packets name it by its place in the list. */
export type Flow = {
  readonly protocol: number
  readonly client: IpAddress
  readonly clientPort: number
  readonly virtual: IpAddress
  readonly virtualPort: number
  /** Where replies come from as long as no server has got a packet. */
  readonly guess?: { readonly address: IpAddress; readonly port: number }
}

export type PacketStep = {
  readonly type: 'packet'
  readonly flow: number
  /** in: client to virtual address; out: from the server that the client's last packet went to. */
  readonly direction: 'in' | 'out'
  readonly flags: number
  readonly chunks: readonly number[]
  readonly length: number
  readonly ttl: number
  readonly tos: number
  readonly dontFragment: boolean
  readonly options: number
  readonly checksum: 'right' | 'wrong' | 'none'
  readonly badHeaderChecksum: boolean
  readonly fragmented: boolean
}

/** An ICMP error about a packet of the flow: `in` comes from the client's side and is about a server's packet. */
export type ErrorStep = {
  readonly type: 'error'
  readonly flow: number
  readonly direction: 'in' | 'out'
  readonly from: 'peer' | 'router'
  readonly kind: readonly [type: number, code: number, mtu: number]
  /** Bytes quoted after the IP header. */
  readonly quoted: number
  readonly ttl: number
  readonly checksum: 'right' | 'wrong'
}

export type Step = PacketStep | ErrorStep

/** Orders, then packets. */
export type Segment = { readonly ops: readonly TableOp[]; readonly steps: readonly Step[] }

export type Sequence = {
  /** Together with the seed this makes it anew. */
  readonly index: number
  /** Which addresses it has for itself. */
  readonly slot: number
  readonly family: Family
  readonly flows: readonly Flow[]
  readonly segments: readonly Segment[]
}

/** What holds for all sequences that run side by side. */
export type Climate = {
  readonly settings: Partial<IpvsSettings>
  readonly timeouts: Timeouts
  /** Connections expire between segments (pace.ts). */
  readonly passing: boolean
  /** Packets have options, come in two fragments, or have a wrong header checksum. */
  readonly oddities: boolean
}

/** What the embedded core can do. */
export type Features = {
  readonly families: readonly Family[]
  readonly protocols: readonly string[]
  readonly methods: readonly string[]
  readonly schedulers: readonly string[]
  readonly tunnels: readonly string[]
  readonly firewallMarks: boolean
  /** set-settings and set-timeouts are obeyed. */
  readonly settings: boolean
}
