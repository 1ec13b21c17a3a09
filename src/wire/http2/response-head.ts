import type { HeaderField } from './hpack.ts'

export type ResponseHead = {
  /** 100 to 999. */
  readonly status: number
  /** Without the pseudo-header fields. */
  readonly fields: readonly HeaderField[]
  /** Content-Length, if it is there. */
  readonly length?: number
}

/** RFC 9110 §5.6.2, in lower case (RFC 9113 §8.2.1). */
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/

/** Undefined for what is no header of a response (RFC 9113 §8.3.2): `:status` stands in it once, and before the other fields. */
export function responseHead(all: readonly HeaderField[]): ResponseHead | undefined {
  const [first, ...fields] = all
  if (first === undefined || first[0] !== ':status' || !/^[1-9]\d\d$/.test(first[1])) return undefined
  if (!fields.every(([name, value]) => NAME.test(name) && !/[\0\r\n]/.test(value))) return undefined
  const length = fields.find(([name]) => name === 'content-length')?.[1]
  if (length !== undefined && !/^\d{1,15}$/.test(length)) return undefined
  return { status: Number(first[1]), fields, ...(length === undefined ? {} : { length: Number(length) }) }
}
