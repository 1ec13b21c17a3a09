import { GRPC, HTTP2, HTTP2_URL, SSL, SSL_URL, urls } from './checker-containers.ts'
import { checkerFacts } from './checkers.ts'
import type { Container, KeywordFacts } from './facts.ts'

const secure = [SSL, HTTP2, GRPC] as const
const allUrls = [...urls, HTTP2_URL] as const

/** Where words of SSL_GET that are keepalived's stand as well, but for those that have no meaning there. */
const likewise: Readonly<Partial<Record<Container, { readonly of: Container; readonly without: readonly string[] }>>> =
  {
    [HTTP2]: { of: SSL, without: ['http_protocol', 'enable_sni', 'nb_get_retry', 'tls_compliant'] },
    [HTTP2_URL]: { of: SSL_URL, without: ['regex_stack', 'tls_compliant'] },
    [GRPC]: {
      of: SSL,
      without: ['url', 'http_protocol', 'enable_sni', 'sni_name', 'fast_recovery', 'nb_get_retry', 'tls_compliant'],
    },
  }

/** Rows of keepalived's words as words of ours in blocks of ours. */
const borrowed: readonly KeywordFacts[] = checkerFacts.flatMap(
  ({ since: _since, sinceIn: _sinceIn, hereIn: _hereIn, ...facts }) => {
    const at = (Object.keys(likewise) as Container[]).filter((container) => {
      const from = likewise[container]
      return (
        from !== undefined && facts.in.includes(from.of) && !facts.names.some((name) => from.without.includes(name))
      )
    })
    return at.length === 0 ? [] : [{ ...facts, in: at }]
  },
)

/** Checkers, and words of checkers, that keepalived does not have. */
export const ownCheckerFacts: readonly KeywordFacts[] = [
  {
    names: ['HTTP2_GET'],
    in: ['virtual_server/real_server'],
    takes: '{ … }',
    range: 'any number of checkers; the server is up when all of them are',
    means: 'HTTP/2 requests are answered as they should be',
  },
  {
    names: ['GRPC_CHECK'],
    in: ['virtual_server/real_server'],
    takes: '{ … }',
    range: 'any number of checkers; the server is up when all of them are',
    means: 'the health service of gRPC (grpc.health.v1) answers SERVING',
  },
  ...borrowed,
  {
    names: ['enable_sni'],
    in: [HTTP2],
    takes: 'bool',
    default: true,
    means: 'send the name of the request as server name',
  },
  {
    names: ['tls'],
    in: [HTTP2],
    takes: 'bool',
    default: true,
    means: 'off: without TLS, by prior knowledge',
  },
  { names: ['tls'], in: [GRPC], takes: 'bool', default: false, means: 'speak TLS' },
  {
    names: ['service'],
    in: [GRPC],
    takes: 'NAME',
    without: 'the server as a whole',
    means: 'whose health is asked for',
  },
  {
    names: ['expect_header'],
    in: allUrls,
    twice: 'all',
    takes: 'FIELD [VALUE]',
    range: 'any number; the name in any case, the value exactly',
    means: 'the response has this field, and with VALUE one of this value',
  },
  {
    names: ['expect_json'],
    in: allUrls,
    twice: 'all',
    takes: 'JSONPATH [VALUE]',
    range: 'any number; JSONPATH as .checks[0].state; bodies up to 1 MiB',
    means: 'the body is JSON that has this, and with VALUE it is this',
  },
  {
    names: ['tls_versions'],
    in: secure,
    takes: 'VERSION|VERSION-VERSION',
    without: 'all that OpenSSL allows',
    range: '1.0–1.3',
    means: 'versions of TLS to offer',
  },
  {
    names: ['tls_alpn'],
    in: [SSL],
    takes: 'NAME …',
    without: 'none',
    means: 'protocols to offer (ALPN); the server has to take one',
  },
  {
    names: ['tls_verify'],
    in: secure,
    takes: 'bool',
    default: false,
    means: 'the certificate has to lead to an authority of SSL ca, else of those Node.js has, and to carry the name',
  },
  {
    names: ['tls_hostname'],
    in: secure,
    takes: 'NAME',
    without: 'the server name, else the virtualhost, else the address',
    means: 'the name that the certificate has to carry; switches tls_verify on',
  },
  {
    names: ['tls_pin'],
    in: secure,
    twice: 'all',
    takes: 'SHA256 …',
    without: 'none',
    range: '64 hexadecimal digits, or sha256// and base64',
    means: 'the public key of the certificate has to be one of these',
  },
]
