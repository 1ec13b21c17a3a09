import { familyOf, type IpAddress, isLinkLocal6, type Micros, seconds } from '../../base/index.ts'
import type { Checker, CheckTarget, CheckTiming, HttpRequestCheck } from '../../model/index.ts'
import type { Span } from '../report.ts'
import type { Node, Word } from '../syntax/index.ts'
import { address, badValue, boolean, integer, interfaceName, type Lowering, required, shown } from './arguments.ts'
import { MOST_32 } from './global-defs.ts'
import { type Inherited, inheritedLine, serviceDefaults } from './inherited.ts'

/** A checker as written; what it inherits is known when its virtual server has been read to the end. */
export type CheckerDraft = {
  readonly kind: 'tcp' | 'http'
  readonly at: Span
  readonly inherited: Inherited
  readonly connection: Connection
  logAllFailures?: boolean | undefined
  readonly urls: Url[]
  httpVersion: '1.0' | '1.0C' | '1.1'
  fastRecovery: boolean
}

type Connection = {
  address?: { value: IpAddress; at: Span } | undefined
  port?: number | undefined
  bindAddress?: { value: IpAddress; at: Span } | undefined
  bindPort?: number | undefined
  bindInterface?: Word | undefined
  fwmark?: number | undefined
}

type Url = {
  readonly at: Span
  path?: string | undefined
  virtualHost?: string | undefined
  digest?: string | undefined
  statusCodes?: readonly { from: number; to: number }[] | undefined
}

/** The parents' words, nearest first, and where the checker connects by default. */
export type CheckerParents = {
  readonly inherited: readonly Inherited[]
  readonly address: IpAddress
  readonly port: number
  readonly logAllFailures: boolean
}

/** `TCP_CHECK { … }` or `HTTP_GET { … }`. */
export function readChecker(to: Lowering, node: Node): CheckerDraft {
  const draft: CheckerDraft = {
    kind: node.keyword.text === 'TCP_CHECK' ? 'tcp' : 'http',
    at: node.at,
    inherited: {},
    connection: {},
    urls: [],
    httpVersion: '1.0',
    fastRecovery: false,
  }
  for (const line of node.block?.nodes ?? []) readLine(to, line, draft)
  return draft
}

function readLine(to: Lowering, node: Node, draft: CheckerDraft): void {
  if (inheritedLine(to, node, draft.inherited, 0)) return
  const { connection } = draft
  const port = () => integer(to, node, { min: 1, max: 65_535 })
  switch (node.keyword.text) {
    case 'connect_ip':
      connection.address = address(to, node) ?? connection.address
      return
    case 'connect_port':
      connection.port = port() ?? connection.port
      return
    case 'bindto':
      connection.bindAddress = address(to, node) ?? connection.bindAddress
      return
    case 'bind_port':
      connection.bindPort = port() ?? connection.bindPort
      return
    case 'bind_if':
      connection.bindInterface = interfaceName(to, node) ?? connection.bindInterface
      return
    case 'fwmark':
      connection.fwmark = integer(to, node, { min: 0, max: MOST_32 }) ?? connection.fwmark
      return
    case 'log_all_failures':
      draft.logAllFailures = boolean(to, node) ?? draft.logAllFailures
      return
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

function readUrl(to: Lowering, node: Node): Url | undefined {
  const url: Url = { at: node.at }
  for (const line of node.block?.nodes ?? []) {
    switch (line.keyword.text) {
      case 'path':
        url.path = required(to, line, 'a path')?.text ?? url.path
        break
      case 'virtualhost':
        url.virtualHost = required(to, line, 'a host name')?.text ?? url.virtualHost
        break
      case 'digest':
        url.digest ??= readDigest(to, line)
        break
      case 'status_code':
        url.statusCodes = readStatusCodes(to, line) ?? url.statusCodes
        break
    }
  }
  if (url.path !== undefined) return url
  to.report.error('object', node.at, 'url has no path; it is left out', { remedy: 'add path and what to ask for' })
  return undefined
}

function readDigest(to: Lowering, node: Node): string | undefined {
  const word = required(to, node, '32 hexadecimal digits')
  if (word === undefined) return undefined
  if (/^[0-9a-f]{32}$/i.test(word.text)) return word.text.toLowerCase()
  return badValue(
    to,
    'digest',
    word,
    'is not an MD5 sum',
    'write 32 hexadecimal digits, as genhash or md5sum print them',
  )
}

/** `N` and `N-N`, each from 100 to 599; keepalived.conf(5)'s `2xx` is known to no keepalived. */
function readStatusCodes(to: Lowering, node: Node): Url['statusCodes'] {
  required(to, node, 'a status code')
  const codes: { from: number; to: number }[] = []
  for (const word of node.words) {
    const match = /^(\d{3})(?:-(\d{3}))?$/.exec(word.text)
    const from = Number(match?.[1])
    const last = Number(match?.[2] ?? match?.[1])
    if (match === null || from < 100 || last > 599 || from > last)
      to.report.error(
        'value',
        word.at,
        `status_code ${shown(word)} is not a code or range from 100 to 599; it is left out`,
      )
    else codes.push({ from, to: last })
  }
  return codes.length === 0 ? undefined : codes
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
