import type { PemFile, TlsClient } from '../../model/index.ts'
import { looksLike } from '../keywords/index.ts'
import type { Node } from '../syntax/index.ts'
import { badValue, type Lowering, required, shown } from './arguments.ts'
import { strictly } from './strictly.ts'

const NOBODY_PASSES = 'no server passes tls_verify'

/** `SSL { … }`; of several the last counts. Undefined where nothing of it is of use. */
export function readTlsClient(to: Lowering, node: Node): TlsClient | undefined {
  const client: { -readonly [Key in keyof TlsClient]: TlsClient[Key] } = {}
  for (const line of node.block?.nodes ?? [])
    switch (line.keyword.text) {
      case 'ca': {
        // Nobody else is trusted in the place of those that were meant.
        client.ca = readPem(strictly(to, line, [], NOBODY_PASSES), line, 'CERTIFICATE') ?? {
          path: line.words[0]?.text ?? '',
          pem: '',
        }
        break
      }
      case 'certificate': {
        const file = readPem(to, line, 'CERTIFICATE')
        if (file !== undefined) client.certificate = file
        break
      }
      case 'key': {
        const file = readPem(to, line, 'PRIVATE KEY')
        if (file !== undefined) client.key = file
        break
      }
      case 'password': {
        const word = required(to, line, 'the password of the key')
        if (word !== undefined) client.password = word.text
        break
      }
    }
  if ((client.certificate === undefined) !== (client.key === undefined)) {
    const [there, missing] = client.key === undefined ? ['certificate', 'key'] : ['key', 'certificate']
    to.report.error(
      'value',
      node.at,
      `SSL has a ${there} and no ${missing} that can be used; neither is shown to servers`,
      {
        remedy: `add ${missing} and the path of its file`,
      },
    )
    delete client.certificate
    delete client.key
  }
  checkPair(to, node, client)
  return Object.keys(client).length === 0 ? undefined : client
}

/** A certificate without a key that fits, or with one that its password does not open, would end every check over TLS. */
function checkPair(to: Lowering, node: Node, client: { -readonly [Key in keyof TlsClient]: TlsClient[Key] }): void {
  const { ca, ...own } = client
  const fault = own.key === undefined ? undefined : to.tlsFault?.(own)
  if (fault !== undefined) {
    to.report.error(
      'value',
      node.at,
      `SSL: key ${own.key?.path} and certificate ${own.certificate?.path} cannot be used (${fault}); neither is shown to servers`,
      { remedy: 'look whether the key is that of the certificate, and the password that of the key' },
    )
    delete client.certificate
    delete client.key
  }
  const strange = ca === undefined || ca.pem === '' ? undefined : to.tlsFault?.({ ca })
  if (strange !== undefined)
    to.report.error('value', node.at, `SSL: ca ${ca?.path} cannot be used (${strange}); ${NOBODY_PASSES}`)
}

/** @param holds  what stands after BEGIN, or ends what stands there */
function readPem(to: Lowering, line: Node, holds: 'CERTIFICATE' | 'PRIVATE KEY'): PemFile | undefined {
  const word = required(to, line, 'the path of a file')
  if (word === undefined) return undefined
  const keyword = line.keyword.text
  if (!looksLike('FILE', word.text)) return badValue(to, keyword, word, 'is not an absolute path')
  const content = to.read(word.text)
  if (!content.ok) return badValue(to, keyword, word, `cannot be read (${content.error.detail})`)
  if (holds === 'PRIVATE KEY' && content.value.readableByOthers === true)
    to.report.warning('security', word.at, `${shown(word)} can be read by others than its owner`, {
      remedy: `chmod 600 ${word.text}`,
    })
  const pem = new TextDecoder().decode(content.value.bytes)
  if (!new RegExp(`^-----BEGIN (?:[A-Z ]+ )?${holds}-----$`, 'm').test(pem))
    return badValue(to, keyword, word, `holds no ${holds.toLowerCase()} in PEM`)
  return { path: word.text, pem }
}
