import { createHash, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { createSecureContext, type SecureContext, type TLSSocket } from 'node:tls'
import { fail, ok, type Result } from '../../base/index.ts'
import type { NetFailure } from './target.ts'

export type TlsVersion = '1.0' | '1.1' | '1.2' | '1.3'

/** What a client asks of TLS. Without any of it: every version OpenSSL allows (1.2 and 1.3), no name, and nothing is verified. */
export type TlsOptions = {
  /** Server name indication (RFC 6066 §3); an address is not sent. */
  readonly serverName?: string
  readonly minVersion?: TlsVersion
  readonly maxVersion?: TlsVersion
  /** ALPN (RFC 7301); the server has to take one of them. */
  readonly alpn?: readonly string[]
  /** The certificate has to lead to a trusted authority and to carry this name or address. */
  readonly verifyName?: string
  /** SHA-256 of SubjectPublicKeyInfo, hexadecimal digits; the server's is one of them. */
  readonly pins?: readonly string[]
  /** Send close_notify at the end. */
  readonly closeNotify?: boolean
  readonly client?: TlsIdentity
}

/** Our own certificate and whom we trust, in PEM. */
export type TlsIdentity = {
  /** Absent: those that Node.js comes with. Empty: nobody. */
  readonly ca?: { readonly pem: string }
  readonly certificate?: { readonly pem: string }
  readonly key?: { readonly pem: string }
  readonly password?: string
}

const nobody: TlsIdentity = {}
const contexts = new WeakMap<TlsIdentity, Map<string, Result<SecureContext, NetFailure>>>()

/** Reading keys and authorities takes milliseconds, so a context is made once for all probes of a kind. */
export function secureContextFor({ client = nobody, ...options }: TlsOptions): Result<SecureContext, NetFailure> {
  const verify = options.verifyName !== undefined
  const kind = `${options.minVersion} ${options.maxVersion} ${verify}`
  const made = contexts.get(client) ?? new Map<string, Result<SecureContext, NetFailure>>()
  contexts.set(client, made)
  const known = made.get(kind) ?? createContext(client, options, verify)
  made.set(kind, known)
  return known
}

function createContext(
  { ca, certificate, key, password }: TlsIdentity,
  { minVersion, maxVersion }: TlsOptions,
  verify: boolean,
): Result<SecureContext, NetFailure> {
  try {
    return ok(
      createSecureContext({
        minVersion:
          `TLSv1${minVersion === undefined || minVersion === '1.0' ? '' : `.${minVersion.slice(2)}`}` as 'TLSv1',
        ...(maxVersion === undefined
          ? {}
          : { maxVersion: `TLSv1${maxVersion === '1.0' ? '' : `.${maxVersion.slice(2)}`}` as 'TLSv1' }),
        // OpenSSL 3 speaks neither but at its lowest level; whoever writes them has such a server.
        ...(minVersion === '1.0' || minVersion === '1.1' ? { ciphers: 'DEFAULT:@SECLEVEL=0' } : {}),
        // Without a list Node reads all authorities it has, also where nobody asks for them.
        ...(!verify || ca?.pem === '' ? { ca: [] } : ca === undefined ? {} : { ca: ca.pem }),
        ...(certificate === undefined ? {} : { cert: certificate.pem }),
        ...(key === undefined ? {} : { key: key.pem }),
        ...(password === undefined ? {} : { passphrase: password }),
      }),
    )
  } catch (error) {
    const reason = error instanceof Error && 'reason' in error ? String(error.reason) : String(error)
    return fail({ phase: 'handshake', reason: 'local', message: `the files of SSL cannot be used (${reason})` })
  }
}

/** Why a server is not who it has to be; undefined: it is. */
export function objection(socket: TLSSocket, { alpn, verifyName, pins, client }: TlsOptions): NetFailure | undefined {
  if (alpn !== undefined && typeof socket.alpnProtocol !== 'string')
    return { phase: 'handshake', reason: 'tls', message: `the server speaks none of ${alpn.join(', ')} (ALPN)` }
  if (verifyName === undefined && pins === undefined) return undefined
  const refuse = (message: string): NetFailure => ({ phase: 'handshake', reason: 'certificate', message })
  const raw = socket.getPeerCertificate().raw
  if (raw === undefined) return refuse('the server has shown no certificate')
  const certificate = new X509Certificate(raw)
  if (verifyName !== undefined) {
    if (client?.ca?.pem === '') return refuse('nobody is trusted: the ca of SSL could not be read')
    if (!socket.authorized) return refuse(`the certificate is not trusted (${codeOf(socket.authorizationError)})`)
    const named = isIP(verifyName) === 0 ? certificate.checkHost(verifyName) : certificate.checkIP(verifyName)
    if (named === undefined) return refuse(`the certificate is not for ${verifyName}`)
  }
  if (pins === undefined) return undefined
  const key = createHash('sha256')
    .update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
  return pins.includes(key)
    ? undefined
    : refuse(`the public key of the certificate is sha256 ${key}, which no tls_pin has`)
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error)
