import { addressFromBytes, type Family, familyOf, parseAddress } from '../../base/index.ts'
import { type ServerList, type ServerSource, sourceTitle } from '../../model/index.ts'
import { firstWordsIn, looksLike, usualChoice } from '../keywords/index.ts'
import type { Node, Word } from '../syntax/index.ts'
import { badValue, type Lowering, required } from './arguments.ts'
import type { Forwarding } from './method.ts'
import { finishRealServer, type RealServerDraft, readDraft, type ServiceValues } from './real-server.ts'
import { remarkNameLines, ttlRange } from './server-name-lines.ts'

/** Where the servers are listed that a block stands for. */
type ListPlace =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'dns' | 'srv'; readonly name: string }

/** `real_server file PATH | dns NAME | srv NAME`: a template of servers; its address means nothing. */
export type ServerSourceDraft = RealServerDraft & { readonly place: ListPlace }

const UNSPECIFIED = addressFromBytes(new Uint8Array(4))

/** Not the address of one server. */
export const isSource = ({ words, known }: Node): boolean =>
  firstWordsIn(known?.facts.takes ?? '').includes(words[0]?.text ?? '')

/** Undefined, and something said, if it is not told where they are listed. */
export function readServerSource(
  to: Lowering,
  node: Node,
  forwarding: Forwarding | undefined,
): ServerSourceDraft | undefined {
  const place = readPlace(to, node)
  if (place === undefined) return undefined
  const port = node.words[2]
  if (place.kind === 'srv' && port !== undefined)
    badValue(to, 'real_server srv', port, 'is one word too many', 'leave it out: SRV records have the port')
  const list = place.kind === 'file' ? `file ${place.path}` : `${place.kind} ${place.name}`
  const draft = readDraft(to, node, forwarding, UNSPECIFIED, place.kind === 'srv' ? undefined : port, list)
  return draft === undefined ? undefined : { ...draft, place }
}

function readPlace(to: Lowering, node: Node): ListPlace | undefined {
  const kind = node.words[0]?.text
  if (kind === 'dns' || kind === 'srv') {
    const word = required(to, node, 'a name', 1)
    const name = word === undefined ? undefined : domainName(to, kind, word)
    return name === undefined ? undefined : { kind, name }
  }
  const path = required(to, node, 'the path of a file', 1)
  if (path === undefined) return undefined
  if (looksLike('FILE', path.text)) return { kind: 'file', path: path.text }
  return badValue(to, 'real_server file', path, 'is not the path of a file from / on')
}

function domainName(to: Lowering, kind: 'dns' | 'srv', word: Word): string | undefined {
  const name = word.text.replace(/\.$/, '').toLowerCase()
  if (parseAddress(name) !== undefined)
    return badValue(to, `real_server ${kind}`, word, 'is an address, not a name', `write real_server ${name}`)
  return looksLike('HOSTNAME', name) ? name : badValue(to, `real_server ${kind}`, word, 'is no name of the DNS')
}

/** The sources of a virtual server; each of them once. Their templates have the unspecified address of its family. */
export function serverSourcesOf(
  to: Lowering,
  drafts: readonly ServerSourceDraft[],
  values: ServiceValues,
): readonly ServerSource[] {
  const { service } = values
  const family = service.kind === 'fwmark' ? service.family : familyOf(service.address)
  const address = addressFromBytes(new Uint8Array(family === 4 ? 4 : 16))
  const sources = new Map<string, ServerSource>()
  for (const draft of drafts) {
    const template = finishRealServer(to, { ...draft, address }, values)
    if (template === undefined) continue
    const source: ServerSource = { ...listOf(to, draft, family), template }
    const title = sourceTitle(source)
    if (sources.has(title))
      to.report.error('object', draft.at, `real_server ${title} is there twice; the second is left out`)
    else sources.set(title, source)
  }
  return [...sources.values()]
}

const USUAL_NXDOMAIN = usualChoice('virtual_server/real_server', 'nxdomain', ['keep', 'remove'])

function listOf(to: Lowering, { place, nameLines, at }: ServerSourceDraft, family: Family): ServerList {
  if (place.kind === 'file') {
    remarkNameLines(to, nameLines, `file ${place.path}`)
    return place
  }
  const range = ttlRange(to, nameLines, { title: `${place.kind} ${place.name}`, at })
  return { ...place, family, ...range, nxdomain: nameLines.nxdomain ?? USUAL_NXDOMAIN }
}
