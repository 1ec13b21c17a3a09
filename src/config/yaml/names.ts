import { type Container, keywordAt } from '../keywords/index.ts'

/** By its name a file is YAML. */
export const isYaml = (path: string): boolean => /\.(?:ya?ml|json)$/.test(path)

const strictWords: ReadonlySet<string> = new Set([
  'expect_header',
  'expect_json',
  'regex',
  'service',
  'tls',
  'tls_alpn',
  'tls_hostname',
  'tls_pin',
  'tls_verify',
  'tls_versions',
])

/** Its line is never left out: where it is wrong, servers fail the check (lower/strictly). */
export const isStrict = (keyword: string): boolean => strictWords.has(keyword)

/** Its one word is read with escapes, so that there is none that could not be written, blanks and quotes included. */
export const isEscaped = (keyword: string): boolean => keyword === 'regex'

/** Whether it stands alone. */
export const isFlag = (container: Container | undefined, keyword: string): boolean =>
  container !== undefined && keywordAt(container, keyword)?.facts.takes === 'flag'
