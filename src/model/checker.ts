import type { IpAddress, Micros } from '../base/index.ts'
import type { MiscChecker } from './local-checker.ts'
import type { DnsChecker, PingChecker, SmtpChecker, UdpChecker } from './service-checker.ts'

/** When a checker probes, and how many failures it forgives (keepalived.conf(5), keywords common to checkers). */
export type CheckTiming = {
  readonly delayLoop: Micros
  /** Repetitions after a first failure before the server counts as down. */
  readonly retry: number
  readonly delayBeforeRetry: Micros
  /** The first probe starts after 1 s plus a random part of this; 0: after 1 s. */
  readonly warmup: Micros
  /** Down until the first success. */
  readonly alpha: boolean
  readonly logAllFailures: boolean
}

/** Where a probe connects to and from. */
export type CheckTarget = {
  readonly address: IpAddress
  readonly port: number
  readonly bindAddress?: IpAddress
  readonly bindPort?: number
  readonly bindInterface?: string
  readonly fwmark?: number
  /** Limit for connecting and for each wait. */
  readonly connectTimeout: Micros
}

export type HttpRequestCheck = {
  readonly path: string
  /** Host header; target address and port when absent. */
  readonly virtualHost?: string
  /** Name in the TLS handshake; none when absent. */
  readonly serverName?: string
  /** Say goodbye (close_notify) where TLS ends. */
  readonly closeNotify?: true
  /** MD5 of the raw body, 32 lower-case hexadecimal digits. */
  readonly digest?: string
  /** Inclusive ranges of accepted status codes. */
  readonly statusCodes: readonly { readonly from: number; readonly to: number }[]
}

export type TcpChecker = { readonly kind: 'tcp'; readonly timing: CheckTiming; readonly target: CheckTarget }

export type HttpChecker = {
  readonly kind: 'http'
  readonly timing: CheckTiming
  readonly target: CheckTarget
  readonly requests: readonly HttpRequestCheck[]
  readonly httpVersion: '1.0' | '1.0C' | '1.1'
  /** SSL_GET. */
  readonly tls?: CheckTls
  /** While coming up do not wait between urls. */
  readonly fastRecovery: boolean
}

export const tlsVersions = ['1.0', '1.1', '1.2', '1.3'] as const
export type TlsVersion = (typeof tlsVersions)[number]

/** What a probe asks of TLS; empty: any version, no ALPN, and no word about the certificate, as keepalived. */
export type CheckTls = {
  readonly minVersion?: TlsVersion
  readonly maxVersion?: TlsVersion
  /** Protocols offered, of which the server has to take one. */
  readonly alpn?: readonly string[]
  /** The certificate has to lead to an authority that is trusted and to carry the name asked for. */
  readonly verify?: true
  /** The name it has to carry instead of that of the request. */
  readonly hostName?: string
  /** SHA-256 of public keys (SubjectPublicKeyInfo), in hexadecimal digits; the server's has to be one of them. */
  readonly pins?: readonly string[]
}

/** A bfd_instance decides: nothing is asked, so of its timing only alpha has a meaning. */
export type BfdChecker = { readonly kind: 'bfd'; readonly timing: CheckTiming; readonly session: string }

export type Checker =
  | TcpChecker
  | HttpChecker
  | BfdChecker
  | SmtpChecker
  | DnsChecker
  | UdpChecker
  | PingChecker
  | MiscChecker
