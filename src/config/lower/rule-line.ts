import { assertNever, type Family, familyOf } from '../../base/index.ts'
import { ipProtocols, type Prefix, type Rule, type RuleAction } from '../../model/index.ts'
import { FIRST_PREFERENCE, looksLike, type OptionName, usualOption } from '../keywords/index.ts'
import type { Span } from '../report.ts'
import type { Node, Word } from '../syntax/index.ts'
import { type Lowering, shown } from './arguments.ts'
import { idIn } from './encapsulation.ts'
import { numberIn } from './iproute-names.ts'
import { readTracking, type Tracking, watchedAs } from './kernel-item.ts'
import { isEverything, type OptionLine, optionLine, prefixIn, realmsIn } from './option-line.ts'

export type RuleLine = { readonly value: Rule; readonly at: Span; readonly trackGroup?: Word }

/** Preferences for rules that name none: downwards, in each family. */
export type Preferences = { next(family: Family): number }

export function preferences(): Preferences {
  const next = { 4: FIRST_PREFERENCE, 6: FIRST_PREFERENCE }
  return { next: (family) => next[family]-- }
}

const USUAL_TOS = usualOption('rule', 'tos')

type Draft = { -readonly [Key in keyof Rule]?: Rule[Key] | undefined } & Tracking

/** One line of static_rules or virtual_rules: selectors and exactly one action, in any order. */
export function ruleLine(to: Lowering, node: Node, free: Preferences): RuleLine | undefined {
  const line = optionLine(to, node, 'the rule', 'rule')
  const draft: Draft = {}
  for (let word = line.next(); word !== undefined && !line.failed(); word = line.next()) {
    const option = line.option(word)
    if (option === undefined) line.refuseWord(word)
    else readOption(to, line, word, option, draft)
  }
  return line.failed() ? undefined : finish(to, node, line, draft, free)
}

function readOption(
  to: Lowering,
  line: OptionLine<'rule'>,
  word: Word,
  option: OptionName<'rule'>,
  draft: Draft,
): void {
  const act = (action: RuleAction | undefined): void => {
    if (action === undefined) return
    if (draft.action !== undefined)
      line.refuse(word.at, `${shown(word)} is a second action`, 'write each rule on a line of its own')
    draft.action = action
  }
  switch (option) {
    case 'table':
    case 'lookup': {
      const table = line.named(word)
      return act(table === undefined ? undefined : { type: 'table', table })
    }
    case 'goto': {
      const target = line.number(word)
      return act(target === undefined ? undefined : { type: 'goto', target })
    }
    case 'nop':
    case 'blackhole':
    case 'unreachable':
    case 'prohibit':
    case 'l3mdev':
      return act({ type: option })
    // `type blackhole` (keepalived.conf(5)); the word alone says nothing.
    case 'type':
      return
    case 'no_track':
    case 'track_group':
      return readTracking(line, word, option, draft)
    default:
      readSelector(to, line, word, option, draft)
  }
}

type Selector = Exclude<
  OptionName<'rule'>,
  'table' | 'lookup' | 'goto' | RuleAction['type'] | 'type' | 'no_track' | 'track_group'
>

function readSelector(to: Lowering, line: OptionLine, word: Word, option: Selector, draft: Draft): void {
  switch (option) {
    case 'inet':
    case 'inet6':
      return family(line, word, option === 'inet' ? 4 : 6, draft)
    case 'from':
    case 'to':
      return readPrefix(line, word, option, draft)
    case 'not':
      draft.inverted = true
      return
    case 'preference':
    case 'order':
    case 'priority':
      draft.preference = line.number(word)
      return
    case 'tos':
    case 'dsfield':
      draft.tos = line.named(word)
      return
    case 'fwmark': {
      const value = line.value(word)
      if (value === undefined) return
      const [mark, mask] = value.text.split('/').map(numberIn)
      if (!looksLike('MARK', value.text) || mark === undefined || (value.text.includes('/') && mask === undefined))
        line.refuse(value.at, `fwmark ${shown(value)} is not MARK[/MASK]`)
      else draft.mark = { value: mark, ...(mask === undefined ? {} : { mask }) }
      return
    }
    case 'realms': {
      const value = line.value(word)
      if (value === undefined) return
      draft.realms = realmsIn(to, value.text)
      if (draft.realms === undefined)
        line.refuse(value.at, `realms ${shown(value)} is not [FROM/]TO of numbers or names`)
      return family(line, word, 4, draft)
    }
    case 'suppress_prefixlength':
    case 'sup_pl':
      draft.suppressPrefixLength = line.number(word)
      return
    case 'suppress_ifgroup':
    case 'sup_group':
      draft.suppressGroup = line.named(word)
      return
    case 'dev':
    case 'iif':
      draft.inputInterface = line.interface(word)
      return
    case 'oif':
      draft.outputInterface = line.interface(word)
      return
    case 'protocol':
      draft.protocol = line.named(word)
      return
    default:
      readFlow(line, word, option, draft)
  }
}

type FlowSelector = 'tunnel-id' | 'tun_id' | 'uidrange' | 'sport' | 'dport' | 'ipproto'

function readFlow(line: OptionLine, word: Word, option: FlowSelector, draft: Draft): void {
  switch (option) {
    case 'tunnel-id':
    case 'tun_id': {
      const value = line.value(word)
      if (value === undefined) return
      draft.tunnelId = idIn(value.text)
      if (draft.tunnelId === undefined)
        line.refuse(value.at, `${word.text} ${shown(value)} is not a number of at most 64 bits`)
      return
    }
    case 'uidrange':
      draft.uids = line.range(word)
      return
    case 'sport':
      draft.sourcePorts = line.range(word)
      return
    case 'dport':
      draft.destinationPorts = line.range(word)
      return
    case 'ipproto': {
      const named = line.choice(word)
      if (named !== undefined) draft.ipProtocol = ipProtocols[named] ?? Number(named)
      return
    }
    default:
      assertNever(option)
  }
}

function readPrefix(line: OptionLine, option: Word, key: 'from' | 'to', draft: Draft): void {
  const value = line.value(option)
  if (value === undefined) return
  // Everything is what a rule matches anyway.
  if (isEverything(value.text)) return
  const prefix: Prefix | undefined = prefixIn(value.text)
  if (prefix === undefined) return line.refuse(value.at, `${option.text} ${shown(value)} is no prefix`)
  draft[key] = prefix
  family(line, value, familyOf(prefix.address), draft)
}

function family(line: OptionLine, word: Word, found: Family, draft: Draft): void {
  if (draft.family !== undefined && draft.family !== found)
    line.refuse(word.at, `${shown(word)} makes it IPv${found}, and it is IPv${draft.family}`)
  draft.family = found
}

function finish(to: Lowering, node: Node, line: OptionLine, draft: Draft, free: Preferences): RuleLine | undefined {
  const { action, trackGroup } = draft
  const own = draft.family ?? 4
  if (action === undefined) return line.refuse(node.at, 'there is no action', 'add table and a name or number')
  if (action.type !== 'table') {
    const option =
      draft.realms !== undefined
        ? 'realms'
        : draft.suppressPrefixLength !== undefined
          ? 'suppress_prefixlength'
          : draft.suppressGroup !== undefined
            ? 'suppress_ifgroup'
            : undefined
    if (option !== undefined) return line.refuse(node.at, `${option} goes with a table only`)
  }
  if (action.type === 'goto') {
    if (draft.preference === undefined) return line.refuse(node.at, 'goto needs a preference of the rule itself')
    if (draft.preference >= action.target)
      return line.refuse(node.at, `goto ${action.target} goes back from ${draft.preference}`)
  }
  const preference = draft.preference ?? free.next(own)
  if (draft.preference === undefined)
    to.report.warning('remark', node.at, `the rule has no preference; using ${preference}`, {
      remedy: 'add preference and a number',
    })
  const watched = watchedAs(to, node, 'the rule', draft)
  return {
    value: {
      family: own,
      ...(draft.from === undefined ? {} : { from: draft.from }),
      ...(draft.to === undefined ? {} : { to: draft.to }),
      ...(draft.inverted === undefined ? {} : { inverted: draft.inverted }),
      preference,
      tos: draft.tos ?? USUAL_TOS,
      ...(draft.mark === undefined ? {} : { mark: draft.mark }),
      ...(draft.realms === undefined ? {} : { realms: draft.realms }),
      ...(draft.suppressPrefixLength === undefined ? {} : { suppressPrefixLength: draft.suppressPrefixLength }),
      ...(draft.suppressGroup === undefined ? {} : { suppressGroup: draft.suppressGroup }),
      ...(draft.inputInterface === undefined ? {} : { inputInterface: draft.inputInterface }),
      ...(draft.outputInterface === undefined ? {} : { outputInterface: draft.outputInterface }),
      ...(draft.tunnelId === undefined ? {} : { tunnelId: draft.tunnelId }),
      ...(draft.uids === undefined ? {} : { uids: draft.uids }),
      protocol: watched.protocol,
      ...(draft.ipProtocol === undefined ? {} : { ipProtocol: draft.ipProtocol }),
      ...(draft.sourcePorts === undefined ? {} : { sourcePorts: draft.sourcePorts }),
      ...(draft.destinationPorts === undefined ? {} : { destinationPorts: draft.destinationPorts }),
      action,
      ...(watched.untracked ? { untracked: true } : {}),
    },
    at: node.at,
    ...(trackGroup === undefined ? {} : { trackGroup }),
  }
}
