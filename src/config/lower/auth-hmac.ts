import { antiReplays, type HmacSettings, hmacModes } from '../../model/index.ts'
import { usualChoice } from '../keywords/index.ts'
import type { Span } from '../report.ts'
import type { Node } from '../syntax/index.ts'
import { choiceOf, integer, type Lowering, rangeOf } from './arguments.ts'
import { readSecret } from './secret.ts'

/** auth_hmac before it is known what the default window is. */
export type HmacDraft = Omit<HmacSettings, 'window'> & { readonly window?: number; readonly at: Span }

const BLOCK = 'vrrp_instance/auth_hmac'

/** The block; undefined, and an error said, where its keys are of no use. No key is ever part of a message. */
export function readAuthHmac(to: Lowering, node: Node): HmacDraft | undefined {
  const keys = new Map<number, string>()
  let activeKey: { readonly id: number; readonly at: Span } | undefined
  let window: number | undefined
  let antiReplay: HmacSettings['antiReplay'] = usualChoice(BLOCK, 'anti_replay', antiReplays)
  let mode: HmacSettings['mode'] = usualChoice(BLOCK, 'mode', hmacModes)
  for (const line of node.block?.nodes ?? [])
    switch (line.keyword.text) {
      case 'key':
        readKey(to, line, keys)
        break
      case 'active_key': {
        const id = integer(to, line)
        if (id !== undefined) activeKey = { id, at: line.at }
        break
      }
      case 'time_window':
        window = integer(to, line) ?? window
        break
      case 'anti_replay':
        antiReplay = choiceOf(to, line, antiReplays) ?? antiReplay
        break
      case 'mode':
        mode = choiceOf(to, line, hmacModes) ?? mode
        break
    }
  if (activeKey === undefined || !keys.has(activeKey.id)) {
    const why =
      activeKey === undefined ? 'auth_hmac has no active_key' : `active_key ${activeKey.id} is not one of its keys`
    to.report.error('value', activeKey?.at ?? node.at, `${why}; advertisements are not authenticated`, {
      remedy: 'add active_key and the id of a key of the block',
    })
    return undefined
  }
  return {
    keys: [...keys].map(([id, key]) => ({ id, key })),
    activeKey: activeKey.id,
    ...(window === undefined ? {} : { window }),
    antiReplay,
    mode,
    at: node.at,
  }
}

/** `key ID VALUE`. */
function readKey(to: Lowering, line: Node, keys: Map<number, string>): void {
  const [first, value] = line.words
  const { min, max } = rangeOf(line, 'ID')
  const id = first !== undefined && /^\d{1,3}$/.test(first.text) ? Number(first.text) : Number.NaN
  if (!(id >= min && id <= max) || value === undefined) {
    to.report.error(
      'value',
      line.keyword.at,
      `key needs an id from ${min} to ${max} and a value; the line has no effect`,
    )
    return
  }
  const refuse = (why: string, remedy?: string) =>
    to.report.error('value', line.keyword.at, `key ${id} ${why}; the line has no effect`, {
      ...(remedy === undefined ? {} : { remedy }),
    })
  if (keys.has(id)) return refuse('is there already')
  const hex = readSecret(to, value, refuse)
  if (hex !== undefined) keys.set(id, hex)
}
