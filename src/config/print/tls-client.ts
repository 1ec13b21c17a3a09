import type { TlsClient } from '../../model/index.ts'
import { type Text, word } from './words.ts'

/** The SSL block: paths of files, never what they hold. */
export function tlsClientText({ ca, certificate, key, password }: TlsClient, secrets: 'shown' | 'hidden'): Text {
  return {
    head: 'SSL',
    body: [
      ...(ca === undefined ? [] : [`ca ${word(ca.path)}`]),
      ...(certificate === undefined ? [] : [`certificate ${word(certificate.path)}`]),
      ...(key === undefined ? [] : [`key ${word(key.path)}`]),
      ...(password === undefined ? [] : [`password ${secrets === 'shown' ? word(password) : '********'}`]),
    ],
  }
}
