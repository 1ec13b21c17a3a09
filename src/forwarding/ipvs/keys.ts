/** Keys read back: orders name what they remove by key alone, and it may be somebody else's. */

import { parseEndpoint } from '../../base/index.ts'
import type { ServiceAddress } from '../../model/index.ts'
import { protocolNumbers } from './translate.ts'

/** Undoes `serviceKey`; undefined for other text. */
export function parseServiceKey(key: string): ServiceAddress | undefined {
  const mark = /^fwmark\/([46])\/(\d{1,10})$/.exec(key)
  if (mark !== null) return { kind: 'fwmark', family: mark[1] === '4' ? 4 : 6, mark: Number(mark[2]) }
  const slash = key.indexOf('/')
  const protocol = key.slice(0, slash)
  const at = parseEndpoint(key.slice(slash + 1))
  return at !== undefined && isProtocol(protocol) ? { kind: 'address', protocol, ...at } : undefined
}

const isProtocol = (name: string): name is keyof typeof protocolNumbers => Object.hasOwn(protocolNumbers, name)
