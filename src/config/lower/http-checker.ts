import { type Checker, type HttpChecker, type HttpRequestCheck, http1Versions } from '../../model/index.ts'
import { type Container, usualChoice, usualTruth } from '../keywords/index.ts'
import type { Node } from '../syntax/index.ts'
import { boolean, choiceOf, type Lowering, required } from './arguments.ts'
import { type ProbeDraft, probeLine, targetOf } from './checker-target.ts'
import { timingDefaults, timingOf } from './checker-timing.ts'
import { readUrl, type Url, usualStatusCodes } from './http-url.ts'
import { inherit } from './inherited.ts'
import { keptOf } from './kept-line.ts'
import type { Mutable } from './mutable.ts'
import type { CheckerParents, PendingChecker } from './pending-checker.ts'
import { type Fault, faultOf, faultyLines } from './strictly.ts'
import { speaksTls, type TlsDraft, tlsDraft, tlsLine, tlsOf } from './tls-lines.ts'

const HTTP = 'virtual_server/real_server/HTTP_GET'
const SSL = 'virtual_server/real_server/SSL_GET'
const HTTP2 = 'virtual_server/real_server/HTTP2_GET'

/** What holds in a block where nothing is written. */
const usualIn = (at: Container) => ({ timing: timingDefaults(at), fastRecovery: usualTruth(at, 'fast_recovery') })
const version1 = (at: Container) => usualChoice(at, 'http_protocol', http1Versions)
const usualTls = (at: Container) => ({ spoken: true, enableSni: usualTruth(at, 'enable_sni') })

const usual = {
  HTTP_GET: { ...usualIn(HTTP), httpVersion: version1(HTTP), tls: undefined },
  SSL_GET: { ...usualIn(SSL), httpVersion: version1(SSL), tls: usualTls(SSL) },
  HTTP2_GET: { ...usualIn(HTTP2), httpVersion: '2', tls: { ...usualTls(HTTP2), spoken: usualTruth(HTTP2, 'tls') } },
} as const

/** HTTP_GET, SSL_GET or HTTP2_GET as written. */
type HttpDraft = ProbeDraft & {
  readonly urls: Url[]
  /** What is wrong with lines that are not about TLS. */
  readonly faults: Fault[]
  httpVersion: HttpChecker['httpVersion']
  fastRecovery: boolean
  /** Undefined: HTTP_GET. */
  readonly tls: HttpTlsDraft | undefined
}

type HttpTlsDraft = TlsDraft & {
  /** HTTP2_GET may say no. */
  readonly spoken: boolean
  enableSni: boolean
  serverName?: string | undefined
  /** For all urls. */
  compliant?: boolean | undefined
}

/** `HTTP_GET { … }`, `SSL_GET { … }` or, of ours, `HTTP2_GET { … }`. */
export const readHttpChecker =
  (block: keyof typeof usual) =>
  (to: Lowering, node: Node): PendingChecker => {
    const { timing, httpVersion, fastRecovery, tls } = usual[block]
    const lines = node.block?.nodes ?? []
    const faults: Fault[] = []
    const draft: HttpDraft = {
      keyword: node.keyword.text,
      at: node.at,
      inherited: {},
      urls: [],
      faults,
      httpVersion,
      fastRecovery,
      tls: tls && { ...tls, ...tlsDraft(), spoken: speaksTls(to, lines, faults) ?? tls.spoken },
    }
    for (const line of lines) readLine(to, line, draft)
    return (parents) => {
      const target = targetOf(to, draft, parents)
      if (target === undefined) return []
      if (draft.urls.length === 0) {
        to.report.error('object', draft.at, `${draft.keyword} has no url; the checker is left out`, {
          remedy: 'add url { path … }',
        })
        return []
      }
      const own = [...draft.faults, ...(draft.tls?.faults ?? [])]
      const checker: Mutable<Checker & HttpChecker> = {
        kind: 'http',
        timing: timingOf(draft, parents, timing),
        target,
        requests: draft.urls.map((url) => requestOf(url, draft, parents)),
        httpVersion: draft.httpVersion,
        fastRecovery: draft.fastRecovery,
        ...faultOf([...own, ...draft.urls.flatMap(({ faults }) => faults)]),
        ...keptOf(faultyLines(own)),
      }
      if (draft.tls?.spoken) checker.tls = tlsOf(draft.tls)
      return [checker]
    }
  }

function readLine(to: Lowering, node: Node, draft: HttpDraft): void {
  if (probeLine(to, node, draft)) return
  const { tls } = draft
  if (tls !== undefined && tlsLine(to, node, tls, tls.spoken)) return
  switch (node.keyword.text) {
    case 'virtualhost':
      draft.inherited.virtualHost = required(to, node, 'a host name')?.text ?? draft.inherited.virtualHost
      return
    case 'fast_recovery':
      draft.fastRecovery = boolean(to, node) ?? draft.fastRecovery
      return
    case 'enable_sni':
      if (tls !== undefined) tls.enableSni = boolean(to, node) ?? tls.enableSni
      return
    case 'sni_name':
      if (tls === undefined) return
      tls.enableSni = true
      tls.serverName = node.words[0]?.text
      return
    case 'tls_compliant':
      if (tls !== undefined) tls.compliant = boolean(to, node) ?? tls.compliant
      return
    case 'http_protocol':
      draft.httpVersion = choiceOf(to, node, http1Versions) ?? draft.httpVersion
      return
    case 'url': {
      const url = readUrl(to, node)
      if (url !== undefined) draft.urls.push(url)
      return
    }
  }
}

function requestOf(url: Url, draft: HttpDraft, { inherited }: CheckerParents): HttpRequestCheck {
  const { tls } = draft
  const host = url.virtualHost ?? draft.inherited.virtualHost ?? inherit(inherited, 'virtualHost')
  // keepalived passes over the virtualhost of the real server here, and the name is then another than that of the request.
  const serverName = tls?.spoken && tls.enableSni ? (tls.serverName ?? host) : undefined
  const request: Mutable<HttpRequestCheck> = {
    path: url.path,
    statusCodes: url.statusCodes ?? usualStatusCodes,
  }
  if (host !== undefined) request.virtualHost = host
  if (url.kept !== undefined) request.kept = url.kept
  if (serverName !== undefined) request.serverName = serverName
  if (tls !== undefined && (url.tlsCompliant ?? tls.compliant)) request.closeNotify = true
  if (url.digest !== undefined) request.digest = url.digest
  if (url.pattern !== undefined) request.pattern = url.pattern
  if (url.headers.length > 0) request.headers = url.headers
  if (url.json.length > 0) request.json = url.json
  return request
}
