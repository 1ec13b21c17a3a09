import { familyOf, type IpAddress } from '../../base/index.ts'
import type { HttpChecker, HttpRequestCheck } from '../../model/index.ts'

/**
 * The request of one url, as keepalived writes it byte for byte: no header but these, so that access logs and servers
 * that match on them see no difference. `path` goes as written. A virtual host carries its own port or none; without one
 * the Host header is the target with its port, an IPv6 address in brackets (RFC 9112 §3.2).
 */
export function httpRequest(
  checker: { readonly target: { readonly address: IpAddress; readonly port: number } } & Pick<
    HttpChecker,
    'httpVersion'
  >,
  check: Pick<HttpRequestCheck, 'path' | 'virtualHost'>,
): Uint8Array {
  const version = checker.httpVersion === '1.1' ? '1.1' : '1.0'
  const close = checker.httpVersion === '1.0' ? '' : 'Connection: close\r\n'
  return encoder.encode(
    `GET ${check.path} HTTP/${version}\r\nUser-Agent: KeepAliveClient\r\n${close}Host: ${hostHeader(checker.target, check.virtualHost)}\r\n\r\n`,
  )
}

/** What stands in Host, and in HTTP/2 in `:authority`. */
export const hostHeader = (
  { address, port }: { readonly address: IpAddress; readonly port: number },
  virtualHost: string | undefined,
): string => virtualHost ?? (familyOf(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`)

const encoder = new TextEncoder()
