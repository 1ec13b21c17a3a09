import { familyOf, type IpAddress, isLinkLocal6, type Micros, seconds } from '../../base/index.ts'
import type { Checker, CheckTarget, CheckTiming, HttpRequestCheck } from '../../model/index.ts'
import type { Lowering } from './arguments.ts'
import type { CheckerDraft, Url } from './checker-lines.ts'
import { type Inherited, serviceDefaults } from './inherited.ts'

/** The parents' words, nearest first, and where the checker connects by default. */
export type CheckerParents = {
  readonly inherited: readonly Inherited[]
  readonly address: IpAddress
  readonly port: number
  readonly logAllFailures: boolean
}

/** Undefined, and an error said, if the checker cannot work. */
export function finishChecker(to: Lowering, draft: CheckerDraft, parents: CheckerParents): Checker | undefined {
  const chain = [draft.inherited, ...parents.inherited]
  const target = targetOf(to, draft, parents, inherit(chain, 'connectTimeout') ?? serviceDefaults.connectTimeout)
  if (target === undefined) return undefined
  const delayLoop = inherit(chain, 'delayLoop') ?? serviceDefaults.delayLoop
  const timing: CheckTiming = {
    delayLoop,
    retry: inherit(chain, 'retry') ?? 1,
    delayBeforeRetry: inherit(chain, 'delayBeforeRetry') ?? seconds(draft.kind === 'tcp' ? 1 : 3),
    warmup: inherit(chain, 'warmup') ?? delayLoop,
    alpha: inherit(chain, 'alpha') ?? false,
    logAllFailures: draft.logAllFailures ?? parents.logAllFailures,
  }
  if (draft.kind === 'tcp') return { kind: 'tcp', timing, target }
  if (draft.urls.length === 0) {
    to.report.error('object', draft.at, 'HTTP_GET has no url; the checker is left out', {
      remedy: 'add url { path … }',
    })
    return undefined
  }
  const virtualHost = inherit(chain, 'virtualHost')
  return {
    kind: 'http',
    timing,
    target,
    requests: draft.urls.map((url) => requestOf(url, virtualHost)),
    httpVersion: draft.httpVersion,
    fastRecovery: draft.fastRecovery,
  }
}

function requestOf(url: Url, virtualHost: string | undefined): HttpRequestCheck {
  const host = url.virtualHost ?? virtualHost
  return {
    path: url.path as string,
    ...(host === undefined ? {} : { virtualHost: host }),
    ...(url.digest === undefined ? {} : { digest: url.digest }),
    statusCodes: url.statusCodes ?? [{ from: 200, to: 299 }],
  }
}

function targetOf(
  to: Lowering,
  draft: CheckerDraft,
  parents: CheckerParents,
  connectTimeout: Micros,
): CheckTarget | undefined {
  const { connection } = draft
  const target = connection.address?.value ?? parents.address
  const port = connection.port ?? parents.port
  const name = draft.kind === 'tcp' ? 'TCP_CHECK' : 'HTTP_GET'
  if (port === 0) {
    to.report.error('object', draft.at, `${name} knows no port; the checker is left out`, {
      remedy: 'add connect_port',
    })
    return undefined
  }
  let bind = connection.bindAddress
  if (bind !== undefined && familyOf(bind.value) !== familyOf(target)) {
    to.report.error('value', bind.at, `bindto ${bind.value} is not of the family of ${target}; the line has no effect`)
    bind = undefined
  }
  if (isLinkLocal6(target) && connection.bindInterface === undefined) {
    to.report.error('object', draft.at, `${name} of the link-local ${target} has no bind_if; the checker is left out`, {
      remedy: 'add bind_if and the interface',
    })
    return undefined
  }
  return {
    address: target,
    port,
    ...(bind === undefined ? {} : { bindAddress: bind.value }),
    ...(connection.bindPort === undefined ? {} : { bindPort: connection.bindPort }),
    ...(connection.bindInterface === undefined ? {} : { bindInterface: connection.bindInterface.text }),
    ...(connection.fwmark === undefined || connection.fwmark === 0 ? {} : { fwmark: connection.fwmark }),
    connectTimeout,
  }
}

const inherit = <Key extends keyof Inherited>(chain: readonly Inherited[], key: Key): Inherited[Key] => {
  for (const one of chain) if (one[key] !== undefined) return one[key]
  return undefined
}
