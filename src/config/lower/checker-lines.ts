import type { IpAddress } from '../../base/index.ts'
import type { Span } from '../report.ts'
import type { Node, Word } from '../syntax/index.ts'
import {
  address,
  badValue,
  boolean,
  integer,
  interfaceName,
  type Lowering,
  MOST_32,
  required,
  shown,
} from './arguments.ts'
import { type Inherited, inheritedLine } from './inherited.ts'

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

export type Url = {
  readonly at: Span
  path?: string | undefined
  virtualHost?: string | undefined
  digest?: string | undefined
  statusCodes?: readonly { from: number; to: number }[] | undefined
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
