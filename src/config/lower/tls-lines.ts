import { hexOf } from '../../base/index.ts'
import { type CheckTls, type TlsVersion, tlsVersions } from '../../model/index.ts'
import { looksLike } from '../keywords/index.ts'
import type { Span } from '../report.ts'
import type { Node } from '../syntax/index.ts'
import { badValue, boolean, type Lowering, required } from './arguments.ts'
import { type Fault, strictly, telling } from './strictly.ts'

/** What a checker says of TLS, as written. */
export type TlsDraft = {
  versions?: { readonly min: TlsVersion; readonly max: TlsVersion; readonly at: Span } | undefined
  alpn?: readonly string[] | undefined
  verify?: boolean | undefined
  hostName?: string | undefined
  readonly pins: string[]
  /** What is wrong with these lines. */
  readonly faults: Fault[]
}

const WITHOUT_TLS = 'the line has no effect, as tls is off'

export const tlsDraft = (): TlsDraft => ({ pins: [], faults: [] })

/**
 * Reads the line if it is one of the words of ours that speak of TLS; false: it is another.
 * @param spoken  whether the checker speaks TLS at all: where it does not, no check is weaker for a wrong line
 */
export function tlsLine(lenient: Lowering, node: Node, draft: TlsDraft, spoken: boolean): boolean {
  const to = spoken ? strictly(lenient, node, draft.faults) : telling(lenient, WITHOUT_TLS)
  switch (node.keyword.text) {
    case 'tls_versions':
      draft.versions = readVersions(to, node) ?? draft.versions
      return true
    case 'tls_alpn':
      draft.alpn = readProtocols(to, node) ?? draft.alpn
      return true
    case 'tls_verify':
      draft.verify = boolean(to, node) ?? draft.verify
      return true
    case 'tls_hostname':
      draft.hostName = required(to, node, 'a host name')?.text ?? draft.hostName
      return true
    case 'tls_pin':
      draft.pins.push(...readPins(to, node))
      return true
    default:
      return false
  }
}

/**
 * What the last right `tls` line of a block says, wherever it stands; undefined: there is none.
 * @param faults  what is wrong with such lines is added here
 */
export function speaksTls(to: Lowering, lines: readonly Node[], faults: Fault[]): boolean | undefined {
  let spoken: boolean | undefined
  for (const line of lines)
    if (line.keyword.text === 'tls') spoken = boolean(strictly(to, line, faults), line) ?? spoken
  return spoken
}

/** Names of 1 to 255 bytes (RFC 7301 §3.1); OpenSSL takes no others. */
function readProtocols(to: Lowering, node: Node): TlsDraft['alpn'] {
  if (required(to, node, 'the name of a protocol') === undefined) return undefined
  const wrong = node.words.find(({ text }) => text === '' || new TextEncoder().encode(text).length > 255)
  if (wrong !== undefined) return badValue(to, 'tls_alpn', wrong, 'is no name of a protocol')
  return node.words.map(({ text }) => text)
}

/** `MIN[-MAX]`. */
function readVersions(to: Lowering, node: Node): TlsDraft['versions'] {
  const word = required(to, node, 'a version or a range, for instance 1.2-1.3')
  if (word === undefined) return undefined
  const [first, last, more] = word.text.split('-') as [string, string | undefined, string | undefined]
  const min = tlsVersions.find((one) => one === first)
  const max = tlsVersions.find((one) => one === (last ?? first))
  if (min === undefined || max === undefined || more !== undefined || min > max)
    return badValue(to, 'tls_versions', word, 'is not a version from 1.0 to 1.3, nor a range of them')
  return { min, max, at: word.at }
}

/** None of a line of which one is wrong. */
function readPins(to: Lowering, node: Node): readonly string[] {
  const pins: string[] = []
  required(to, node, 'the SHA-256 of a public key')
  for (const word of node.words) {
    const text = word.text.replace(/^sha256(?:\/\/|:)/, '')
    const pin = looksLike('SHA256', word.text)
      ? text.length === 64
        ? text.toLowerCase()
        : hexOfBase64(text)
      : undefined
    if (pin === undefined)
      badValue(
        to,
        'tls_pin',
        word,
        'is not a SHA-256',
        'write 64 hexadecimal digits, or sha256// and base64 as curl does',
      )
    else pins.push(pin)
  }
  return pins.length === node.words.length ? pins : []
}

/** 32 bytes in base64. */
function hexOfBase64(text: string): string {
  return hexOf(Uint8Array.from(atob(text), (byte) => byte.charCodeAt(0)))
}

export function tlsOf(draft: TlsDraft): CheckTls {
  const { versions, alpn, hostName, pins } = draft
  // A name that is to be found says that the certificate is to be looked at.
  const verify = draft.verify ?? hostName !== undefined
  return {
    ...(versions === undefined ? {} : { minVersion: versions.min, maxVersion: versions.max }),
    ...(alpn === undefined ? {} : { alpn }),
    ...(verify ? { verify } : {}),
    ...(hostName === undefined || !verify ? {} : { hostName }),
    ...(pins.length === 0 ? {} : { pins }),
  }
}
