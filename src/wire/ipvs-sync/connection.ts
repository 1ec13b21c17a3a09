import type { Result } from '../../base/index.ts'

/** IP_VS_CONN_F_* (linux/ip_vs.h), as far as they travel. */
export const connectionFlags = {
  /** How packets are forwarded: one of the methods below. */
  methodMask: 0x7,
  masquerade: 0,
  localNode: 1,
  tunnel: 2,
  directRouting: 3,
  bypass: 4,
  sync: 0x20,
  hashed: 0x40,
  noOutput: 0x80,
  inactive: 0x100,
  outSequence: 0x200,
  inSequence: 0x400,
  sequenceMask: 0x600,
  noClientPort: 0x800,
  template: 0x1000,
  onePacket: 0x2000,
} as const

/** Numbers of one direction of a connection whose payload the sender's kernel changes. */
export type SequenceNumbers = {
  /** From here on `delta` counts, before it `previousDelta`. */
  readonly initial: number
  /** Added to sequence numbers, modulo 2^32. */
  readonly delta: number
  readonly previousDelta: number
}

/** FULLNAT, between directors that have it: what the server sees as the client. */
export type LocalEnd = {
  /** 4 or 16 bytes, as long as the client's. */
  readonly address: Uint8Array
  readonly port: number
  /** Added to the client's sequence numbers, modulo 2^32. */
  readonly delta: number
  /** The server is to be told the client's address in a TCP option. */
  readonly tell: boolean
  /** It has been. */
  readonly told: boolean
}

/** A connection or a template as directors tell each other of it. Addresses are 4 bytes each or 16 each. */
export type SyncedConnection = {
  readonly protocol: number
  /** `connectionFlags`. */
  readonly flags: number
  /** IPVS's number of a state; of a template 1 for assured, else 0. */
  readonly state: number
  readonly client: Uint8Array
  readonly clientPort: number
  readonly virtual: Uint8Array
  /** Of a template of a firewall mark's service the mark is in `mark`, and both are 0. */
  readonly virtualPort: number
  readonly destination: Uint8Array
  readonly destinationPort: number
  /** Firewall mark of the service; 0: none. Version 0 has none. */
  readonly mark: number
  /** Seconds; absent: not told (version 0), the receiver's own for the state. */
  readonly timeout?: number
  /** Of the client's packets, and of the server's. */
  readonly sequence?: { readonly in: SequenceNumbers; readonly out: SequenceNumbers }
  /** Persistence engine (`sip`): what it made the template of. */
  readonly engine?: { readonly name: string; readonly data: Uint8Array }
  readonly local?: LocalEnd
}

/** What is wrong with a message or with one of its entries, and what stood there. */
export type SyncFault = {
  readonly field:
    | 'length'
    | 'size'
    | 'entry-length'
    | 'entry-version'
    | 'entry-type'
    | 'option'
    | 'option-length'
    | 'option-repeated'
    | 'option-unknown'
  readonly got: number
}

export type SyncMessage = {
  readonly version: 0 | 1
  /** 0–255. */
  readonly syncId: number
  readonly connections: readonly SyncedConnection[]
  /** Entries that were left out, and why; where the rest of a message cannot be read, all that was in it is one. */
  readonly faults: readonly SyncFault[]
}

export type DecodedSync = Result<SyncMessage, SyncFault>
