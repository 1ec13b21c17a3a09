import { seconds } from '../../base/index.ts'
import type { HttpRequestCheck } from '../../model/index.ts'
import type { Node } from '../syntax/index.ts'
import { badValue, boolean, type Lowering, required } from './arguments.ts'
import { type ProbeDraft, probeDraft, probeLine, targetOf } from './checker-target.ts'
import { timingOf } from './checker-timing.ts'
import { readUrl, type Url } from './http-url.ts'
import { inherit } from './inherited.ts'
import type { PendingChecker } from './pending-checker.ts'

/** HTTP_GET as written. */
type HttpDraft = ProbeDraft & {
  readonly urls: Url[]
  httpVersion: '1.0' | '1.0C' | '1.1'
  fastRecovery: boolean
}

/** `HTTP_GET { … }`. */
export function readHttpChecker(to: Lowering, node: Node): PendingChecker {
  const draft: HttpDraft = { ...probeDraft(node), urls: [], httpVersion: '1.0', fastRecovery: false }
  for (const line of node.block?.nodes ?? []) readLine(to, line, draft)
  return (parents) => {
    const target = targetOf(to, draft, parents)
    if (target === undefined) return []
    if (draft.urls.length === 0) {
      to.report.error('object', draft.at, `${draft.keyword} has no url; the checker is left out`, {
        remedy: 'add url { path … }',
      })
      return []
    }
    const virtualHost = inherit([draft.inherited, ...parents.inherited], 'virtualHost')
    return [
      {
        kind: 'http',
        timing: timingOf(draft, parents, { delayBeforeRetry: seconds(3) }),
        target,
        requests: draft.urls.map((url) => requestOf(url, virtualHost)),
        httpVersion: draft.httpVersion,
        fastRecovery: draft.fastRecovery,
      },
    ]
  }
}

function readLine(to: Lowering, node: Node, draft: HttpDraft): void {
  if (probeLine(to, node, draft)) return
  switch (node.keyword.text) {
    case 'virtualhost':
      draft.inherited.virtualHost = required(to, node, 'a host name')?.text ?? draft.inherited.virtualHost
      return
    case 'fast_recovery':
      draft.fastRecovery = boolean(to, node) ?? draft.fastRecovery
      return
    case 'http_protocol': {
      const word = required(to, node, '1.0, 1.0C or 1.1')
      const version = word?.text.toUpperCase()
      if (version === '1.0' || version === '1.0C' || version === '1.1') draft.httpVersion = version
      else if (word !== undefined) badValue(to, 'http_protocol', word, 'is not 1.0, 1.0C or 1.1')
      return
    }
    case 'url': {
      const url = readUrl(to, node)
      if (url !== undefined) draft.urls.push(url)
      return
    }
  }
}

function requestOf(url: Url, virtualHost: string | undefined): HttpRequestCheck {
  const host = url.virtualHost ?? virtualHost
  return {
    path: url.path,
    ...(host === undefined ? {} : { virtualHost: host }),
    ...(url.digest === undefined ? {} : { digest: url.digest }),
    statusCodes: url.statusCodes ?? [{ from: 200, to: 299 }],
  }
}
