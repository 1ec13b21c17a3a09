import { routeTypes } from '../../model/index.ts'
import { domainName, includeTests, JSON_STEP, MOST_64, MOST_MPLS_LABEL, secretBytes, umaskBits } from './bounds.ts'
import { natural, numberOfAnyBase, oneOf } from './number-pattern.ts'

/** A file of iproute2 that gives names to numbers. */
export type NameFile = 'group' | 'rt_dsfield' | 'rt_protos' | 'rt_realms' | 'rt_scopes' | 'rt_tables'

/** What the kernel has whether or not there are files. */
export const builtInNames = {
  rt_tables: { default: 253, main: 254, local: 255 },
  rt_protos: { redirect: 1, kernel: 2, boot: 3, static: 4, gated: 8, ra: 9, keepalived: 18 },
  rt_realms: { cosmos: 0 },
  rt_scopes: { global: 0, site: 200, link: 253, host: 254, nowhere: 255 },
  rt_dsfield: {},
  group: { default: 0 },
} as const satisfies Readonly<Record<NameFile, Readonly<Record<string, number>>>>

/** What stands where `takes` has a word in capitals. */
export type ValueFacts = {
  /** A whole number, one with decimals, or a text. */
  readonly kind: 'integer' | 'number' | 'text'
  /** Bounds of a number whose row has none. */
  readonly min?: number
  readonly max?: number
  /** A regular expression (ECMA-262) of the whole word; absent: any word. What it lets through may still be refused for its meaning. */
  readonly pattern?: string
  /** Its number may be a name of that file instead. */
  readonly file?: NameFile
}

const hex = (digits: string): string => `[0-9A-Fa-f]{${digits}}`
const V4 = '(?:\\d{1,3}\\.){3}\\d{1,3}'
const V6 = '[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*'
const ADDRESS = `(?:${V4}|${V6})`
/** `/LENGTH`, or none. */
const NETWORK = `(?:${V4}(?:/0*(?:[12]?\\d|3[0-2]))?|${V6}(?:/0*(?:\\d{1,2}|1[01]\\d|12[0-8]))?)`
const NUMBER = '(?:0[xX][0-9A-Fa-f]+|\\d+)'
/** Linux: IFNAMSIZ with its zero, in bytes. */
export const LONGEST_INTERFACE_NAME = 15
const INTERFACE = `(?!\\.{1,2}"?(?:\\s|$))[^/\\s"]{1,${LONGEST_INTERFACE_NAME}}`
/** An id and what tells families and the second of a name follow: `6.255`. */
const LONGEST_LINK_STEM = LONGEST_INTERFACE_NAME - '6.255'.length
const { least, most } = secretBytes
const MPLS_LABEL = numberOfAnyBase(0, MOST_MPLS_LABEL)
const INCLUDE_TEST = oneOf(Object.keys(includeTests))
const BIT = `(?:S_)?I${oneOf(Object.keys(umaskBits.which))}${oneOf(Object.keys(umaskBits.whose))}`
/** Labels of such characters, in all no longer than a name may be. */
const nameOf = (character: string): string =>
  `(?=[^\\s"]{1,${domainName.name}}\\.?(?:["\\s]|$))${character}{1,${domainName.label}}(?:\\.${character}{1,${domainName.label}})*\\.?`

/** Every word in capitals that stands for something else. */
export const values = {
  N: { kind: 'integer' },
  BYTES: { kind: 'integer' },
  ID: { kind: 'integer' },
  MAX: { kind: 'integer' },
  MICROSECONDS: { kind: 'integer' },
  CPU: { kind: 'integer', min: 0, max: 1023 },
  PORT: { kind: 'integer', min: 0, max: 65_535 },
  PERCENT: { kind: 'integer' },
  PREFIXLEN: { kind: 'integer' },
  PRIORITY: { kind: 'integer' },
  START: { kind: 'integer' },
  MILLISECONDS: { kind: 'number' },
  SECONDS: { kind: 'number' },
  DOWN: { kind: 'number' },
  UP: { kind: 'number' },
  ADDRESS: { kind: 'text', pattern: `${ADDRESS}(?:/[^\\s"]*)?` },
  /** Link-local, with its interface (RFC 4007 §11). */
  'ADDRESS%IF': { kind: 'text', pattern: `[fF][eE][89a-bA-B]${V6}%[^/\\s"]{1,${LONGEST_INTERFACE_NAME}}` },
  'ADDRESS-ADDRESS': { kind: 'text', pattern: `${ADDRESS}-${ADDRESS}` },
  'ADDRESS-N': { kind: 'text', pattern: `(?:${V4}-\\d{1,3}|${V6}-${hex('1,4')})` },
  /** TCP_CA_NAME_MAX with its zero. */
  ALGORITHM: { kind: 'text', pattern: '[\\w-]{1,15}' },
  ARG: { kind: 'text' },
  BITS: { kind: 'text', pattern: `(?:${numberOfAnyBase(0, umaskBits.most)}|${BIT}(?:\\s*\\|\\s*${BIT})*)` },
  COMMAND: { kind: 'text' },
  DIR: { kind: 'text' },
  DOMAIN: { kind: 'text', pattern: `(?:\\.|${nameOf('[^.\\s"]')})` },
  DSFIELD: { kind: 'text', file: 'rt_dsfield' },
  /** A token (RFC 9110 §5.1). */
  FIELD: { kind: 'text', pattern: "[\\w!#$%&'*+.^`|~-]+" },
  /** Blanks only where a quote is still to be closed. */
  FILE: { kind: 'text', pattern: '/(?:[^\\s"]|\\s(?=[^"]*"))*' },
  GROUP: { kind: 'text' },
  HEX: { kind: 'text', pattern: '[0-9A-Fa-f]+' },
  HOP: { kind: 'text' },
  HOST: { kind: 'text' },
  HOSTNAME: { kind: 'text', pattern: nameOf('[A-Za-z0-9_-]') },
  IF: { kind: 'text', pattern: INTERFACE },
  IFGROUP: { kind: 'text', file: 'group' },
  IDENTITY: { kind: 'text', pattern: '[^/\\s".][^/\\s"]{0,63}' },
  INSTANCE: { kind: 'text' },
  KEY: {
    kind: 'text',
    pattern: `(?:hex:(?:${hex('2')}){${least},${most}}|file:[^"]+|cred:[\\w@-][\\w.@-]*|(?!hex:|file:|cred:)(?:[\\x20-\\x7e]{${least},${most}}|(?=.*[^\\x00-\\x7f])[^"]{11,${most}}))`,
  },
  LABEL: { kind: 'text', pattern: '[^\\s"]{1,15}' },
  LABELS: { kind: 'text', pattern: `${MPLS_LABEL}(?:/${MPLS_LABEL})*` },
  LOCATOR: { kind: 'text', pattern: `${hex('1,4')}(?::${hex('1,4')}){3}` },
  LOGFILE: { kind: 'text' },
  MAC: { kind: 'text', pattern: `${hex('1,2')}(?::${hex('1,2')}){4,5}` },
  MAIL: { kind: 'text' },
  MARK: { kind: 'text', pattern: `${NUMBER}(?:/${NUMBER})?` },
  MD5: { kind: 'text', pattern: hex('32') },
  MODULE: { kind: 'text', pattern: INTERFACE },
  'N-N': { kind: 'text', pattern: '\\d{1,10}(?:-\\d{1,10})?' },
  NAME: { kind: 'text' },
  NAMESPACE: { kind: 'text', pattern: '(?!\\.{1,2}"?(?:\\s|$))[^/"]+' },
  NETMASK: { kind: 'text', pattern: V4 },
  OPTION: { kind: 'text' },
  PATH: { kind: 'text' },
  PATTERN: { kind: 'text' },
  PREFIX: { kind: 'text', pattern: NETWORK },
  PROTOCOL: { kind: 'text', file: 'rt_protos' },
  REALMS: { kind: 'text', pattern: '[^\\s"/]+(?:/[^\\s"/]+)?' },
  SCOPE: { kind: 'text', file: 'rt_scopes' },
  SHA256: { kind: 'text', pattern: `(?:sha256(?://|:))?(?:${hex('64')}|[A-Za-z0-9+/]{43}=)` },
  SPEC: { kind: 'text' },
  JSONPATH: { kind: 'text', pattern: `(?:\\.|(?:${JSON_STEP})+)` },
  STEM: { kind: 'text', pattern: `[^/\\s"]{1,${LONGEST_LINK_STEM}}` },
  STRING: { kind: 'text' },
  TABLE: { kind: 'text', file: 'rt_tables' },
  /** NFT_NAME_MAXLEN, without its end. */
  TABLENAME: { kind: 'text', pattern: '[A-Za-z][\\w/.\\\\-]{0,253}' },
  TEST: { kind: 'text', pattern: `[+-]?${INCLUDE_TEST}` },
  '±TEST': { kind: 'text', pattern: `[+-]${INCLUDE_TEST}` },
  TIME: { kind: 'text', pattern: '(?:\\d{1,9}|\\d{1,9}(?:\\.\\d{1,9})?(?:s|secs?|ms|msecs?))' },
  TUNNEL: { kind: 'text', pattern: `(?:0{0,19}${natural(0n, MOST_64, 10)}|0[xX]${hex('1,16')})` },
  TYPE: { kind: 'text', pattern: [...routeTypes, 'brd', ...routeTypes.map((_, index) => index + 1)].join('|') },
  USER: { kind: 'text' },
  VALUE: { kind: 'text' },
  VERSION: { kind: 'text', pattern: '1\\.[0-3]' },
  'VERSION-VERSION': { kind: 'text', pattern: '1\\.[0-3]-1\\.[0-3]' },
  XHEX: { kind: 'text', pattern: '[0-9A-Fa-fXx]+' },
} as const satisfies Readonly<Record<string, ValueFacts>>

export type ValueName = keyof typeof values

export const valueFacts = (name: ValueName): ValueFacts => values[name]

const patterns = new Map<ValueName, RegExp>()

/** Whether a word, without its quotes, could be such a value. */
export function looksLike(name: ValueName, text: string): boolean {
  const { pattern } = valueFacts(name)
  const known = patterns.get(name) ?? new RegExp(`^"(?:${pattern ?? '[^]*'})"$`)
  patterns.set(name, known)
  return known.test(`"${text}"`)
}
