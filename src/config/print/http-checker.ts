import {
  type BodyPattern,
  type CheckTls,
  type GrpcChecker,
  type HttpChecker,
  type HttpRequestCheck,
  pathText,
} from '../../model/index.ts'
import { escapedWord, keptText, onOff, type Text, word } from './words.ts'

/** The words of HTTP_GET, SSL_GET and HTTP2_GET beside those that checkers share. */
export const httpLines = (checker: HttpChecker): readonly Text[] => [
  ...(checker.httpVersion === '2'
    ? [`tls ${onOff(checker.tls !== undefined)}`]
    : [`http_protocol ${checker.httpVersion}`]),
  `fast_recovery ${onOff(checker.fastRecovery)}`,
  ...(checker.tls === undefined ? [] : [...serverNameLines(checker), ...tlsLines(checker.tls)]),
  ...checker.requests.map((request) => ({ head: 'url', body: urlLines(request) })),
]

/** The name is a checker's own word only as sni_name; a virtualhost gives each url one. */
function serverNameLines({ requests, httpVersion }: HttpChecker): readonly string[] {
  if (requests.every(({ serverName }) => serverName === undefined)) return httpVersion === '2' ? ['enable_sni off'] : []
  if (requests.every(({ serverName, virtualHost }) => serverName === virtualHost)) return ['enable_sni on']
  return [`sni_name ${word(requests[0]?.serverName ?? '')}`]
}

const tlsLines = (tls: CheckTls): readonly string[] => [
  ...(tls.minVersion === undefined ? [] : [`tls_versions ${tls.minVersion}-${tls.maxVersion}`]),
  ...(tls.alpn === undefined ? [] : [`tls_alpn ${tls.alpn.map(word).join(' ')}`]),
  ...(tls.verify === undefined ? [] : ['tls_verify on']),
  ...(tls.hostName === undefined ? [] : [`tls_hostname ${word(tls.hostName)}`]),
  ...(tls.pins === undefined ? [] : [`tls_pin ${tls.pins.join(' ')}`]),
]

const urlLines = (request: HttpRequestCheck): readonly Text[] => [
  `path ${word(request.path)}`,
  ...(request.virtualHost === undefined ? [] : [`virtualhost ${word(request.virtualHost)}`]),
  ...(request.digest === undefined ? [] : [`digest ${request.digest}`]),
  ...(request.pattern === undefined ? [] : patternLines(request.pattern)),
  `status_code ${request.statusCodes.map(({ from, to }) => (from === to ? from : `${from}-${to}`)).join(' ')}`,
  ...(request.headers ?? []).map(({ name, value }) => `expect_header ${assertionWords(name, value)}`),
  ...(request.json ?? []).map(({ path, value }) => `expect_json ${assertionWords(pathText(path), value)}`),
  ...(request.closeNotify === undefined ? [] : ['tls_compliant on']),
  ...keptText(request.kept),
]

const assertionWords = (what: string, value: string | undefined): string =>
  value === undefined ? word(what) : `${word(what)} ${word(value)}`

const patternLines = (pattern: BodyPattern): readonly string[] => [
  `regex ${escapedWord(pattern.source)}`,
  ...(pattern.options.length === 0 ? [] : [`regex_options ${pattern.options.join(' ')}`]),
  ...(pattern.forbidden === undefined ? [] : ['regex_no_match']),
  ...(pattern.minOffset === undefined ? [] : [`regex_min_offset ${pattern.minOffset}`]),
  ...(pattern.maxOffset === undefined ? [] : [`regex_max_offset ${pattern.maxOffset}`]),
]

/** The words of GRPC_CHECK beside those that checkers share. */
export const grpcLines = ({ service, virtualHost, tls }: GrpcChecker): readonly string[] => [
  ...(service === '' ? [] : [`service ${word(service)}`]),
  ...(virtualHost === undefined ? [] : [`virtualhost ${word(virtualHost)}`]),
  ...(tls === undefined ? [] : ['tls on', ...tlsLines(tls)]),
]
