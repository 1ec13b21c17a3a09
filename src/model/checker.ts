import type { IpAddress, Micros } from '../base/index.ts'
import type { KeptLine } from './kept-line.ts'
import type { FileChecker, MiscChecker } from './local-checker.ts'
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
  /** Lines that have no effect; absent: none. */
  readonly kept?: readonly KeptLine[]
  readonly path: string
  /** Host header; target address and port when absent. */
  readonly virtualHost?: string
  /** Name in the TLS handshake; none when absent. */
  readonly serverName?: string
  /** Say goodbye (close_notify) where TLS ends. */
  readonly closeNotify?: true
  /** MD5 of the raw body, 32 lower-case hexadecimal digits. */
  readonly digest?: string
  readonly pattern?: BodyPattern
  /** Fields the response has to have, each once at least with this value where one is named. */
  readonly headers?: readonly HeaderAssertion[]
  /** What the body has to say as JSON. */
  readonly json?: readonly JsonAssertion[]
  /** Inclusive ranges of accepted status codes. */
  readonly statusCodes: readonly { readonly from: number; readonly to: number }[]
}

/** What the raw body has to match, or must not: a pattern of PCRE2. */
export type BodyPattern = {
  readonly source: string
  /** Names of compile options (regex_options). */
  readonly options: readonly string[]
  readonly forbidden?: true
  /** Where a match may begin at the earliest and at the latest, in bytes. */
  readonly minOffset?: number
  readonly maxOffset?: number
}

export type HeaderAssertion = { readonly name: string; readonly value?: string }

/** `path`: keys of objects and places in arrays; without a `value` it only has to be there. A scalar is compared as text. */
export type JsonAssertion = { readonly path: readonly (string | number)[]; readonly value?: string }

/** `.checks[0].state` */
export const pathText = (path: JsonAssertion['path']): string =>
  path.length === 0
    ? '.'
    : path
        .map((step) =>
          typeof step === 'number' ? `[${step}]` : /^[^.[\]'\s]+$/.test(step) ? `.${step}` : `['${step}']`,
        )
        .join('')

export type TcpChecker = { readonly kind: 'tcp'; readonly timing: CheckTiming; readonly target: CheckTarget }

export type HttpChecker = {
  readonly kind: 'http'
  readonly timing: CheckTiming
  readonly target: CheckTarget
  readonly requests: readonly HttpRequestCheck[]
  /** 2: HTTP2_GET, without TLS by prior knowledge. */
  readonly httpVersion: (typeof http1Versions)[number] | '2'
  /** SSL_GET, and HTTP2_GET unless it is told not to. */
  readonly tls?: CheckTls
  /** While coming up do not wait between urls. */
  readonly fastRecovery: boolean
  readonly fault?: CheckerFault
}

/**
 * Why the check cannot be as strict as it is written (a pin that is none): the server is down without being asked. Absent: it can.
 * The lines at fault are among those that are kept.
 */
export type CheckerFault = string

/** What http_protocol can be. */
export const http1Versions = ['1.0', '1.0C', '1.1'] as const

/** The word that such a checker is written with. */
export const httpKeyword = ({ httpVersion, tls }: Pick<HttpChecker, 'httpVersion' | 'tls'>): string =>
  httpVersion === '2' ? 'HTTP2_GET' : tls === undefined ? 'HTTP_GET' : 'SSL_GET'

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

/** GRPC_CHECK: the health service of gRPC (grpc.health.v1.Health/Check). */
export type GrpcChecker = {
  readonly kind: 'grpc'
  readonly timing: CheckTiming
  readonly target: CheckTarget
  /** Whose health; empty: that of the server as a whole. */
  readonly service: string
  /** :authority; target address and port when absent. */
  readonly virtualHost?: string
  readonly tls?: CheckTls
  readonly fault?: CheckerFault
}

/** A bfd_instance decides: nothing is asked, so of its timing only alpha has a meaning. */
export type BfdChecker = { readonly kind: 'bfd'; readonly timing: CheckTiming; readonly session: string }

export type Checker = { /** Lines that have no effect; absent: none. */ readonly kept?: readonly KeptLine[] } & (
  | TcpChecker
  | HttpChecker
  | GrpcChecker
  | BfdChecker
  | SmtpChecker
  | DnsChecker
  | UdpChecker
  | PingChecker
  | MiscChecker
  | FileChecker
)
