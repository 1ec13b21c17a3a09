import type { CheckTls, HttpChecker, HttpRequestCheck } from '../../model/index.ts'
import { onOff, type Text, word } from './words.ts'

/** The words of HTTP_GET and SSL_GET beside those that checkers share. */
export const httpLines = (checker: HttpChecker): readonly Text[] => [
  `http_protocol ${checker.httpVersion}`,
  `fast_recovery ${onOff(checker.fastRecovery)}`,
  ...(checker.tls === undefined ? [] : [...serverNameLines(checker), ...tlsLines(checker.tls)]),
  ...checker.requests.map((request) => ({ head: 'url', body: urlLines(request) })),
]

/** The name is a checker's own word only as sni_name; a virtualhost gives each url one. */
function serverNameLines({ requests }: HttpChecker): readonly string[] {
  if (requests.every(({ serverName }) => serverName === undefined)) return []
  if (requests.every(({ serverName, virtualHost }) => serverName === virtualHost)) return ['enable_sni on']
  return [`sni_name ${word(requests[0]?.serverName ?? '')}`]
}

export const tlsLines = (tls: CheckTls): readonly string[] => [
  ...(tls.minVersion === undefined ? [] : [`tls_versions ${tls.minVersion}-${tls.maxVersion}`]),
  ...(tls.alpn === undefined ? [] : [`tls_alpn ${tls.alpn.map(word).join(' ')}`]),
  ...(tls.verify === undefined ? [] : ['tls_verify on']),
  ...(tls.hostName === undefined ? [] : [`tls_hostname ${word(tls.hostName)}`]),
  ...(tls.pins === undefined ? [] : [`tls_pin ${tls.pins.join(' ')}`]),
]

const urlLines = (request: HttpRequestCheck): readonly string[] => [
  `path ${word(request.path)}`,
  ...(request.virtualHost === undefined ? [] : [`virtualhost ${word(request.virtualHost)}`]),
  ...(request.digest === undefined ? [] : [`digest ${request.digest}`]),
  `status_code ${request.statusCodes.map(({ from, to }) => (from === to ? from : `${from}-${to}`)).join(' ')}`,
  ...(request.closeNotify === undefined ? [] : ['tls_compliant on']),
]
