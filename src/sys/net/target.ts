import type { IpAddress, Micros } from '../../base/index.ts'

/** Where to connect to and from. */
export type ConnectTarget = {
  readonly address: IpAddress
  /** 1–65535. */
  readonly port: number
  readonly bindAddress?: IpAddress
  readonly bindPort?: number
  /** SO_BINDTODEVICE. */
  readonly bindInterface?: string
  /** SO_MARK; needs CAP_NET_ADMIN, or CAP_NET_RAW from Linux 5.17 on. */
  readonly fwmark?: number
  /** For the connection, and for each wait after it. */
  readonly connectTimeout: Micros
}

/** How a conversation broke off. `local`: this host could not even ask. */
export type NetFailure = {
  readonly phase: 'connect' | 'handshake' | 'send' | 'receive'
  /** `tls`: the two sides did not agree on TLS. `certificate`: they did, and the server is not who it has to be. `protocol`:
   * what came is not of the protocol that was spoken. `too-large`: it is longer than anybody would say it. */
  readonly reason:
    | 'refused'
    | 'timeout'
    | 'unreachable'
    | 'reset'
    | 'tls'
    | 'certificate'
    | 'protocol'
    | 'too-large'
    | 'local'
    | 'not-supported'
  /** One sentence without a full stop. */
  readonly message: string
}
