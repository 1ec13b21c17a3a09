import { DNS_PORT, type DnsChecker, type DnsType, dnsTypes, type UdpChecker, USUAL_PAYLOAD } from '../../model/index.ts'
import { domainName, looksLike, usualChoice, usualNumber, usualWord } from '../keywords/index.ts'
import type { Node } from '../syntax/index.ts'
import { badValue, choiceOf, integer, type Lowering, required } from './arguments.ts'
import { probeDraft, probeLine, targetOf } from './checker-target.ts'
import { type TimingDefaults, timingDefaults, timingOf } from './checker-timing.ts'
import type { PendingChecker } from './pending-checker.ts'
import { telling } from './strictly.ts'

const PING = timingDefaults('virtual_server/real_server/PING_CHECK')
const DNS_BLOCK = 'virtual_server/real_server/DNS_CHECK'
const DNS: TimingDefaults = { retry: usualNumber(DNS_BLOCK, 'retry'), delayBeforeRetry: 'delay-loop' }
const UDP_BLOCK = 'virtual_server/real_server/UDP_CHECK'
const UDP = timingDefaults(UDP_BLOCK)

/** `PING_CHECK { … }`: where it asks is all there is to say. */
export function readPingChecker(to: Lowering, node: Node): PendingChecker {
  const draft = probeDraft(node)
  // A ping has no port: what is wrong with one is told with the lines that have no effect.
  for (const line of node.block?.nodes ?? []) if (line.keyword.text !== 'connect_port') probeLine(to, line, draft)
  return (parents) => {
    const target = targetOf(to, draft, parents, 'none')
    return target === undefined ? [] : [{ kind: 'ping', timing: timingOf(draft, parents, PING), target }]
  }
}

/** `DNS_CHECK { … }`. */
export function readDnsChecker(to: Lowering, node: Node): PendingChecker {
  const draft = probeDraft(node)
  let type: DnsType = usualChoice(DNS_BLOCK, 'type', dnsTypes)
  let name: string | undefined
  for (const line of node.block?.nodes ?? [])
    if (line.keyword.text === 'type') type = choiceOf(to, line, dnsTypes) ?? type
    else if (line.keyword.text === 'name') name ??= readName(to, line)
    else probeLine(to, line, draft)
  return (parents): readonly DnsChecker[] => {
    const target = targetOf(to, draft, parents, DNS_PORT)
    const timing = timingOf(draft, parents, DNS)
    return target === undefined
      ? []
      : [{ kind: 'dns', timing, target, name: name ?? usualWord(DNS_BLOCK, 'name'), type }]
  }
}

/** As `domainName` has it, in bytes. */
function readName(to: Lowering, line: Node): string | undefined {
  const word = required(to, line, 'a domain name')
  if (word === undefined) return undefined
  if (word.text === '.') return '.'
  const name = word.text.replace(/\.$/, '')
  const sizes = name.split('.').map(bytesOf)
  if (sizes.includes(0)) return badValue(to, 'name', word, 'has an empty label')
  if (sizes.some((size) => size > domainName.label) || bytesOf(name) > domainName.name)
    return badValue(to, 'name', word, 'is longer than a domain name may be')
  return looksLike('DOMAIN', name) ? name : badValue(to, 'name', word, 'is no domain name')
}

const bytesOf = (text: string): number => new TextEncoder().encode(text).length

/** UDP over IPv4. */
const MOST_PAYLOAD = 65_507

const ANY_REPLY = 'any reply will do, so the check is weaker than it is written (as with keepalived)'
const NO_PAYLOAD =
  "the line has no effect, and the datagram is keepalived's usual one where no other says what it holds"

/** `UDP_CHECK { … }`. */
export function readUdpChecker(to: Lowering, node: Node): PendingChecker {
  const draft = probeDraft(node)
  let payload: string = USUAL_PAYLOAD
  let required: { pattern?: string } | undefined
  let minLength = usualNumber(UDP_BLOCK, 'min_reply_length')
  let maxLength = usualNumber(UDP_BLOCK, 'max_reply_length')
  for (const line of node.block?.nodes ?? [])
    switch (line.keyword.text) {
      case 'payload':
        payload = readDigits(telling(to, NO_PAYLOAD), line, /^[0-9a-f]*$/) ?? payload
        break
      case 'require_reply': {
        const pattern = line.words.length === 0 ? undefined : readDigits(telling(to, ANY_REPLY), line, /^[0-9a-fx]*$/)
        required = pattern === undefined || pattern === '' ? (required ?? {}) : { pattern }
        break
      }
      case 'min_reply_length':
        minLength = integer(telling(to), line) ?? minLength
        break
      case 'max_reply_length':
        maxLength = integer(telling(to), line) ?? maxLength
        break
      default:
        probeLine(to, line, draft)
    }
  if (minLength > maxLength)
    to.report.warning(
      'remark',
      node.at,
      `UDP_CHECK has min_reply_length ${minLength} above max_reply_length ${maxLength}; no reply with a pattern will do`,
      { remedy: 'write a max_reply_length that is not below min_reply_length' },
    )
  const reply = required === undefined ? {} : { reply: { ...required, minLength, maxLength } }
  return (parents): readonly UdpChecker[] => {
    const target = targetOf(to, draft, parents)
    return target === undefined
      ? []
      : [{ kind: 'udp', timing: timingOf(draft, parents, UDP), target, payload, ...reply }]
  }
}

/**
 * Hexadecimal digits, two a byte, with blanks between bytes as one likes; one that is left over is a byte as well (keepalived).
 * @returns two digits a byte; undefined, and an error said, for anything else
 */
function readDigits(to: Lowering, line: Node, digits: RegExp): string | undefined {
  const word = required(to, line, 'hexadecimal digits')
  if (word === undefined) return undefined
  const runs = line.words.flatMap(({ text }) => text.toLowerCase().split(/\s+/))
  if (!runs.every((run) => digits.test(run)))
    return badValue(to, line.keyword.text, word, 'is not in hexadecimal digits, two a byte')
  const joined = runs.map((run) => (run.length % 2 === 0 ? run : `${run.slice(0, -1)}0${run.slice(-1)}`)).join('')
  if (joined.length / 2 > MOST_PAYLOAD) return badValue(to, line.keyword.text, word, 'is longer than a datagram may be')
  return joined
}
