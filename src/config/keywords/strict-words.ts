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
