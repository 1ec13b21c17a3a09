import { hexOf } from '../../base/index.ts'
import { secretBytes } from '../keywords/index.ts'
import type { Word } from '../syntax/index.ts'
import type { Lowering } from './arguments.ts'

/**
 * A key, as hexadecimal digits: text, `hex:` and digits, or `file:PATH` or `cred:NAME` with one of these in it. No
 * key is ever part of a message.
 */
export function readSecret(
  to: Lowering,
  value: Word,
  refuse: (why: string, remedy?: string) => void,
): string | undefined {
  const text = value.text.startsWith('file:')
    ? fromFile(to, value, refuse)
    : value.text.startsWith('cred:')
      ? fromCredential(to, value, refuse)
      : value.text
  if (text === undefined) return undefined
  const hex = text.startsWith('hex:') ? text.slice(4) : hexOf(new TextEncoder().encode(text))
  const refused = (why: string, remedy?: string): undefined => {
    refuse(why, remedy)
    return undefined
  }
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(hex)) return refused('has hex: and then something else than pairs of digits')
  const length = hex.length / 2
  if (length < secretBytes.least || length > secretBytes.most)
    return refused(
      `has ${length} bytes, and ${secretBytes.least} to ${secretBytes.most} are wanted`,
      'make one with: echo hex:$(openssl rand -hex 32)',
    )
  return hex.toLowerCase()
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
