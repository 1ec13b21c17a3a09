import type { HmacSettings } from '../../model/index.ts'
import type { Span } from '../report.ts'
import type { Node, Word } from '../syntax/index.ts'
import { badValue, integer, type Lowering, required } from './arguments.ts'

/** auth_hmac before it is known what the default window is. */
export type HmacDraft = Omit<HmacSettings, 'window'> & { readonly window?: number; readonly at: Span }

const SHORTEST = 32
const LONGEST = 64

const ANTI_REPLAY = ['time', 'monotonic'] as const
const MODES = ['enforce', 'permissive', 'receive-only'] as const

/** The block; undefined, and an error said, where its keys are of no use. No key is ever part of a message. */
export function readAuthHmac(to: Lowering, node: Node): HmacDraft | undefined {
  const keys = new Map<number, string>()
  let activeKey: { readonly id: number; readonly at: Span } | undefined
  let window: number | undefined
  let antiReplay: HmacSettings['antiReplay'] = 'time'
  let mode: HmacSettings['mode'] = 'enforce'
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
        antiReplay = oneOf(to, line, ANTI_REPLAY) ?? antiReplay
        break
      case 'mode':
        mode = oneOf(to, line, MODES) ?? mode
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

/** `key ID VALUE`: text, `hex:` and digits, or `file:PATH` or `cred:NAME` with one of these in it. */
function readKey(to: Lowering, line: Node, keys: Map<number, string>): void {
  const [first, value] = line.words
  const id = first !== undefined && /^\d{1,3}$/.test(first.text) ? Number(first.text) : 0
  if (id < 1 || id > 255 || value === undefined) {
    to.report.error('value', line.keyword.at, 'key needs an id from 1 to 255 and a value; the line has no effect')
    return
  }
  const refuse = (why: string, remedy?: string) =>
    to.report.error('value', line.keyword.at, `key ${id} ${why}; the line has no effect`, {
      ...(remedy === undefined ? {} : { remedy }),
    })
  if (keys.has(id)) return refuse('is there already')
  const text = value.text.startsWith('file:')
    ? fromFile(to, value, refuse)
    : value.text.startsWith('cred:')
      ? fromCredential(to, value, refuse)
      : value.text
  if (text === undefined) return
  const hex = text.startsWith('hex:') ? text.slice(4) : hexOf(new TextEncoder().encode(text))
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(hex)) return refuse('has hex: and then something else than pairs of digits')
  const length = hex.length / 2
  if (length < SHORTEST || length > LONGEST)
    return refuse(
      `has ${length} bytes, and ${SHORTEST} to ${LONGEST} are wanted`,
      'make one with: echo hex:$(openssl rand -hex 32)',
    )
  keys.set(id, hex.toLowerCase())
}

function fromFile(to: Lowering, value: Word, refuse: (why: string) => void): string | undefined {
  const path = value.text.slice('file:'.length)
  const content = to.read(path)
  if (!content.ok) {
    refuse(`cannot be read from ${path} (${content.error.detail})`)
    return undefined
  }
  if (content.value.readableByOthers === true)
    to.report.warning('security', value.at, `${path} can be read by others than its owner`, {
      remedy: `chmod 600 ${path}`,
    })
  return withoutLineEnd(content.value.bytes)
}

/** One that systemd hands to the service alone: LoadCredential= or LoadCredentialEncrypted= of its unit. */
function fromCredential(to: Lowering, value: Word, refuse: (why: string, remedy?: string) => void): string | undefined {
  const name = value.text.slice('cred:'.length)
  const remedy = `add LoadCredential=${name}:PATH to the unit; for a check beside it, set CREDENTIALS_DIRECTORY`
  if (!/^[\w.@-]+$/.test(name) || name.startsWith('.')) {
    refuse('has cred: and then no name of a credential')
    return undefined
  }
  if (to.credentials === undefined) {
    refuse(`cannot be read: there is no credential ${name}, for the service manager has handed us none`, remedy)
    return undefined
  }
  const content = to.read(`${to.credentials}/${name}`)
  if (!content.ok) {
    refuse(`cannot be read from credential ${name} (${content.error.detail})`, remedy)
    return undefined
  }
  return withoutLineEnd(content.value.bytes)
}

const withoutLineEnd = (bytes: Uint8Array): string => new TextDecoder().decode(bytes).replace(/\r?\n$/, '')

const hexOf = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')

function oneOf<T extends string>(to: Lowering, line: Node, words: readonly T[]): T | undefined {
  const word = required(to, line, words.join(', '))
  const found = words.find((one) => one === word?.text)
  if (word !== undefined && found === undefined) badValue(to, line.keyword.text, word, `is none of ${words.join(', ')}`)
  return found
}
