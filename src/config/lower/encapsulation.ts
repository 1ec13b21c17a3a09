import { type Family, parseAddress } from '../../base/index.ts'
import type { Encapsulation } from '../../model/index.ts'
import { looksLike } from '../keywords/index.ts'
import type { Word } from '../syntax/index.ts'
import { shown } from './arguments.ts'
import { numberIn } from './iproute-names.ts'
import type { OptionLine } from './option-line.ts'

/** What follows `encap`: its type and, for as long as the words are of it, its options. */
export function readEncapsulation(line: OptionLine, option: Word): Encapsulation | undefined {
  const type = line.value(option)
  switch (type?.text) {
    case undefined:
      return undefined
    case 'ip':
      return readIp(line.as('encap ip'), type as Word, 'ip', 4)
    case 'ip6':
      return readIp(line.as('encap ip6'), type as Word, 'ip6', 6)
    case 'mpls': {
      const word = line.value(type as Word)
      if (word === undefined) return undefined
      const labels = labelsIn(word.text)
      if (labels !== undefined) return { type: 'mpls', labels }
      return line.refuse(
        word.at,
        `${shown(word)} is no stack of MPLS labels`,
        'write labels as 100/200, each below 1048576',
      )
    }
    case 'ila': {
      const word = line.value(type as Word)
      if (word === undefined) return undefined
      if (looksLike('LOCATOR', word.text)) return { type: 'ila', locator: word.text.toLowerCase() }
      return line.refuse(word.at, `${shown(word)} is no locator`, 'write four groups of hexadecimal digits: 1:2:3:4')
    }
    default:
      return line.refuse(
        (type as Word).at,
        `encap ${shown(type as Word)} is not known`,
        'keepalived.conf(5) has ip, ip6, mpls and ila',
      )
  }
}

function readIp(
  line: OptionLine<'encap ip' | 'encap ip6'>,
  of: Word,
  type: 'ip' | 'ip6',
  family: Family,
): Encapsulation | undefined {
  type Draft = {
    -readonly [Key in keyof Extract<Encapsulation, { type: 'ip' | 'ip6' }>]: Extract<
      Encapsulation,
      { type: 'ip' | 'ip6' }
    >[Key]
  }
  const draft: Draft = { type }
  for (let option = line.peek(); option !== undefined; option = line.peek()) {
    const name = line.option(option)
    if (name === undefined) break
    // A second `src` is the route's own preferred source.
    if (name === 'src' && draft.source !== undefined) break
    line.next()
    switch (name) {
      case 'id': {
        const word = line.value(option)
        if (word === undefined) return undefined
        const id = idIn(word.text)
        if (id === undefined) return line.refuse(word.at, `id ${shown(word)} is not a number of at most 64 bits`)
        draft.id = id
        break
      }
      case 'dst':
      case 'src': {
        const address = line.address(option, family)
        if (address === undefined) return undefined
        draft[name === 'dst' ? 'destination' : 'source'] = address
        break
      }
      default: {
        const number = line.number(option)
        if (number === undefined) return undefined
        if (name === 'flags') draft.flags = number
        else draft[name === 'ttl' || name === 'hoplimit' ? 'hopLimit' : 'trafficClass'] = number
      }
    }
  }
  if (draft.id === undefined && draft.destination === undefined)
    return line.refuse(of.at, `encap ${type} needs id or dst`)
  return draft
}

export const idIn = (text: string): string | undefined => (looksLike('TUNNEL', text) ? String(BigInt(text)) : undefined)

function labelsIn(text: string): readonly number[] | undefined {
  return looksLike('LABELS', text) ? text.split('/').flatMap((label) => numberIn(label) ?? []) : undefined
}

/** Whether text could be an address at all, for better complaints. */
export const looksLikeAddress = (text: string): boolean => parseAddress(text.split('/')[0] as string) !== undefined
