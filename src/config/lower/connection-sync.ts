import { isMulticast } from '../../base/index.ts'
import type { ConnectionSync, VirtualRouter } from '../../model/index.ts'
import { firstWordsIn, isOption, type OptionName, optionOf, optionWords } from '../keywords/index.ts'
import type { Span } from '../report.ts'
import type { Node, Word } from '../syntax/index.ts'
import { addressWord, badValue, interfaceName, isInterfaceName, type Lowering, required, timer } from './arguments.ts'
import { optionNumber } from './line-words.ts'
import { readSecret } from './secret.ts'

type Draft = { -readonly [K in keyof ConnectionSync]: ConnectionSync[K] }
type Router = Pick<VirtualRouter, 'name' | 'virtualRouterId'>

export type LoweredConnectionSync = { readonly value: ConnectionSync; readonly at: Span }

/** `lvs_sync_daemon`, of which the first counts; without one the first lvs_sync_daemon_interface of a vrrp_instance. */
export function lowerConnectionSync(
  to: Lowering,
  nodes: readonly Node[],
  routers: readonly Router[],
): LoweredConnectionSync | undefined {
  const lines = (block: string, keyword: string) =>
    nodes
      .filter((node) => node.keyword.text === block)
      .flatMap((node) =>
        (node.block?.nodes ?? []).flatMap((line) => (line.keyword.text === keyword ? [{ node, line }] : [])),
      )
  const [first, ...more] = lines('global_defs', 'lvs_sync_daemon')
  for (const { line } of more)
    to.report.warning('remark', line.at, 'lvs_sync_daemon stands there twice; the first counts')
  const keyLines = lines('global_defs', 'lvs_sync_key')
  const keys = keyLines.flatMap(({ line }) => readKey(to, line) ?? [])
  const [firstKey] = keyLines
  if (firstKey !== undefined && keys.length === 0) {
    to.report.error('object', firstKey.line.at, 'none of the lvs_sync_key is of use; connections are not synchronised')
    return undefined
  }
  const [catchUpLine] = lines('global_defs', 'lvs_sync_catch_up')
  const catchUp = catchUpLine && readCatchUp(to, catchUpLine.line)
  const signed = { ...(keys.length === 0 ? {} : { keys }), ...(catchUp === undefined ? {} : { catchUp }) }
  if (first !== undefined) {
    const read = readLine(to, first.line, routers)
    return read === undefined ? undefined : { value: { ...read, ...signed }, at: first.line.at }
  }
  for (const { node, line } of lines('vrrp_instance', 'lvs_sync_daemon_interface')) {
    const name = interfaceName(to, line)?.text
    to.report.warning('deprecated', line.at, 'lvs_sync_daemon_interface is written in global_defs now', {
      remedy: `write lvs_sync_daemon ${name ?? 'INTERFACE'} ${node.words[0]?.text ?? 'INSTANCE'} in global_defs`,
    })
    const router = routers.find((one) => one.name === node.words[0]?.text)
    if (name !== undefined && router !== undefined)
      return {
        value: { interface: name, instance: router.name, syncId: router.virtualRouterId, ...signed },
        at: line.at,
      }
  }
  return undefined
}

/** `lvs_sync_key VALUE`: the first signs, each verifies, so that keys can be changed one director after the other. */
function readKey(to: Lowering, line: Node): string | undefined {
  const value = required(to, line, 'a key')
  if (value === undefined) return undefined
  return readSecret(to, value, (why, remedy) =>
    to.report.error('value', line.keyword.at, `lvs_sync_key ${why}; the line has no effect`, {
      ...(remedy === undefined ? {} : { remedy }),
    }),
  )
}

/** `lvs_sync_catch_up off | SECONDS [port N]`; undefined: as usual. */
function readCatchUp(to: Lowering, line: Node): ConnectionSync['catchUp'] {
  const [first, option, value] = line.words
  if (first !== undefined && firstWordsIn(line.known?.facts.takes ?? '').includes(first.text)) return 'off'
  const limit = timer(to, line)
  if (limit === undefined) return undefined
  if (option === undefined) return { limit }
  const facts = optionOf('lvs_sync_catch_up', option.text)
  if (facts === undefined) return badValue(to, 'lvs_sync_catch_up', option, 'is not port')
  if (value === undefined) {
    to.report.error('missing-argument', option.at, 'lvs_sync_catch_up port needs a value; it has no effect')
    return { limit }
  }
  const port = optionNumber(to, 'lvs_sync_catch_up port', facts, value)
  return port === undefined ? { limit } : { limit, port }
}

/** `INTERFACE [[inst] INSTANCE] [id N] [maxlen N] [port N] [ttl N] [group ADDRESS]`; before 2.0 `INTERFACE INSTANCE ID`. */
function readLine(to: Lowering, node: Node, routers: readonly Router[]): ConnectionSync | undefined {
  const name = required(to, node, 'an interface')
  if (name === undefined) return undefined
  if (!isInterfaceName(name.text)) return badValue(to, 'lvs_sync_daemon', name, 'is no interface name')
  const draft: Draft = { interface: name.text, syncId: 0 }
  let id: number | undefined
  let at = 1
  const second = node.words[1]
  if (second !== undefined && !isOption('lvs_sync_daemon', second.text)) {
    draft.instance = second.text
    at = 2
    const third = node.words[2]
    if (third !== undefined && /^\d+$/.test(third.text)) {
      to.report.warning('deprecated', third.at, `lvs_sync_daemon ${third.text}: an id is written with its name now`, {
        remedy: `write id ${third.text}`,
      })
      id = syncId(to, third)
      at = 3
    }
  }
  for (; at < node.words.length; at += 2) {
    const option = node.words[at] as Word
    const value = node.words[at + 1]
    if (value === undefined) {
      to.report.error('missing-argument', option.at, `lvs_sync_daemon ${option.text} needs a value; it has no effect`)
      break
    }
    if (option.text === 'id') id = syncId(to, value) ?? id
    // What follows cannot be told.
    else if (!readOption(to, option, value, draft)) break
  }
  const router = routers.find((one) => one.name === draft.instance)
  if (draft.instance !== undefined && router === undefined) {
    to.report.error(
      'object',
      node.at,
      `lvs_sync_daemon: there is no vrrp_instance ${draft.instance}; the line has no effect`,
    )
    return undefined
  }
  return { ...draft, syncId: id ?? router?.virtualRouterId ?? 0 }
}

const syncId = (to: Lowering, value: Word): number | undefined => numberOf(to, 'id', value)

const numberOf = (to: Lowering, option: OptionName<'lvs_sync_daemon'>, value: Word): number | undefined => {
  const facts = optionOf('lvs_sync_daemon', option)
  return facts && optionNumber(to, `lvs_sync_daemon ${option}`, facts, value)
}

/** False: the word is none of the options. */
function readOption(to: Lowering, { text: option, at }: Word, value: Word, draft: Draft): boolean {
  const keyword = `lvs_sync_daemon ${option}`
  const put = <K extends keyof Draft>(field: K, read: Draft[K] | undefined) => {
    if (read !== undefined) draft[field] = read
  }
  switch (option) {
    case 'inst':
      put('instance', value.text)
      return true
    case 'maxlen':
      put('maxLength', numberOf(to, option, value))
      return true
    case 'port':
      put('port', numberOf(to, option, value))
      return true
    case 'ttl':
      put('ttl', numberOf(to, option, value))
      return true
    case 'group': {
      const group = addressWord(to, keyword, value)
      if (group !== undefined && !isMulticast(group))
        to.report.warning('remark', value.at, `${keyword} ${group} is a host; only the embedded core can send to one`)
      put('group', group)
      return true
    }
    default:
      to.report.error(
        'value',
        at,
        `lvs_sync_daemon ${option}: no such option; there are ${optionWords('lvs_sync_daemon').join(', ')}`,
      )
      return false
  }
}
