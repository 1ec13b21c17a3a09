import { join } from 'node:path'
import type { Host } from './host.ts'
import { must } from './process.ts'

/** Where a certificate of a host and its key are. */
export type Certificate = { readonly pem: string; readonly key: string }

/**
 * A key and a certificate of `/CN=NAME` in the host's directory, readable by their owner alone.
 * @param by    who signs it; absent: itself
 * @param more  further arguments of openssl req: `-addext subjectAltName=…`
 */
export function certify(host: Host, name: string, by?: Certificate, ...more: readonly string[]): Certificate {
  const made: Certificate = { pem: join(host.directory, `${name}.pem`), key: join(host.directory, `${name}.key`) }
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', made.key]
  const signed = by === undefined ? [] : ['-CA', by.pem, '-CAkey', by.key]
  must(['openssl', 'req', '-x509', ...key, '-out', made.pem, '-subj', `/CN=${name}`, ...signed, ...more])
  must(['chmod', '600', made.key])
  return made
}
