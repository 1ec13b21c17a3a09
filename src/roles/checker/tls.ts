import type { CheckTarget, CheckTls, TlsClient } from '../../model/index.ts'
import type { TlsOptions } from '../../sys/net/index.ts'

/** How to speak TLS for one request. */
export function tlsOptions(
  { hostName, verify, ...tls }: CheckTls,
  { address }: CheckTarget,
  names: { readonly serverName?: string; readonly virtualHost?: string; readonly closeNotify?: true },
  client?: TlsClient,
): TlsOptions {
  const { serverName, virtualHost, closeNotify } = names
  return {
    ...tls,
    ...(serverName === undefined ? {} : { serverName: withoutPort(serverName) }),
    ...(verify ? { verifyName: hostName ?? withoutPort(serverName ?? virtualHost ?? address) } : {}),
    ...(closeNotify ? { closeNotify } : {}),
    ...(client === undefined ? {} : { client }),
  }
}

/** A Host header may end in a port, a name in a certificate does not. */
const withoutPort = (host: string): string => host.replace(/^\[(.*)\](?::\d+)?$/, '$1').replace(/^([^:]*):\d+$/, '$1')
