import { fail, ok, type Result } from '../../base/index.ts'
import { decodeHuffman } from './huffman.ts'
import { STATIC_TABLE } from './static-table.ts'

/** Name and value, byte for byte (Latin-1). */
export type HeaderField = readonly [name: string, value: string]

/** `too-large`: the fields together are longer than what was allowed. */
export type HeaderFault = 'broken' | 'too-large'

/** What a table may hold that nobody has spoken about (RFC 9113 §6.5.2). */
const TABLE_SIZE = 4096
/** What a field counts beside its bytes (RFC 7541 §4.1). */
const FIELD_OVERHEAD = 32

/** Fields as literals that go into no table (RFC 7541 §6.2.2). */
export function encodeHeaders(fields: readonly HeaderField[]): Uint8Array {
  const bytes: number[] = []
  for (const [name, value] of fields) bytes.push(0, ...encodeString(name), ...encodeString(value))
  return Uint8Array.from(bytes)
}

function encodeString(text: string): readonly number[] {
  const bytes = Array.from(text, (letter) => letter.charCodeAt(0) & 255)
  return [...encodeInteger(bytes.length, 7), ...bytes]
}

/** RFC 7541 §5.1, with nothing before the prefix. */
function encodeInteger(value: number, prefix: number): readonly number[] {
  const most = 2 ** prefix - 1
  if (value < most) return [value]
  const bytes = [most]
  let rest = value - most
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return [...bytes, rest]
}

/** Reads the header blocks of one connection, in their order: its table is theirs together (RFC 7541 §2.2). */
export class HeaderDecoder {
  /** The newest first. */
  #table: HeaderField[] = []
  #held = 0
  #most = TABLE_SIZE

  /** @param limit  bytes of all fields together, as SETTINGS_MAX_HEADER_LIST_SIZE counts them */
  decode(block: Uint8Array, limit: number): Result<readonly HeaderField[], HeaderFault> {
    const reader = new BlockReader(block)
    const fields: HeaderField[] = []
    let size = 0
    while (!reader.isEmpty) {
      const field = this.#next(reader)
      if (field === undefined) return fail('broken')
      if (field === 'none') continue
      size += sizeOf(field)
      if (size > limit) return fail('too-large')
      fields.push(field)
    }
    return ok(fields)
  }

  /** `none`: it says something else. */
  #next(reader: BlockReader): HeaderField | 'none' | undefined {
    const first = reader.peek
    if (first >= 0x80) return this.#at(reader.integer(7))
    if (first >= 0x40) {
      const field = this.#literal(reader, 6)
      if (field !== undefined) this.#add(field)
      return field
    }
    if (first < 0x20) return this.#literal(reader, 4)
    const size = reader.integer(5)
    if (size === undefined || size > TABLE_SIZE) return undefined
    this.#most = size
    this.#makeRoom(0)
    return 'none'
  }

  #literal(reader: BlockReader, prefix: number): HeaderField | undefined {
    const index = reader.integer(prefix)
    const name = index === 0 ? reader.text() : this.#at(index)?.[0]
    const value = name === undefined ? undefined : reader.text()
    return name === undefined || value === undefined ? undefined : [name, value]
  }

  #at(index: number | undefined): HeaderField | undefined {
    if (index === undefined || index === 0) return undefined
    return STATIC_TABLE[index - 1] ?? this.#table[index - 1 - STATIC_TABLE.length]
  }

  #add(field: HeaderField): void {
    const size = sizeOf(field)
    this.#makeRoom(size)
    if (size > this.#most) return
    this.#table.unshift(field)
    this.#held += size
  }

  #makeRoom(size: number): void {
    while (this.#held + size > this.#most) {
      const last = this.#table.pop()
      if (last === undefined) return
      this.#held -= sizeOf(last)
    }
  }
}

const sizeOf = ([name, value]: HeaderField): number => name.length + value.length + FIELD_OVERHEAD

class BlockReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isEmpty(): boolean {
    return this.#at >= this.#bytes.length
  }

  get peek(): number {
    return this.#bytes[this.#at] ?? 0
  }

  /** RFC 7541 §5.1, of at most 28 bits beyond its prefix. */
  integer(prefix: number): number | undefined {
    const first = this.#bytes[this.#at++]
    if (first === undefined) return undefined
    const most = 2 ** prefix - 1
    let value = first & most
    if (value < most) return value
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) return undefined
      value += (byte & 127) * 2 ** shift
      if (byte < 128) return value
    }
    return undefined
  }

  /** RFC 7541 §5.2. */
  text(): string | undefined {
    const coded = this.peek >= 128
    const length = this.integer(7)
    if (length === undefined || this.#at + length > this.#bytes.length) return undefined
    const bytes = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    const plain = coded ? decodeHuffman(bytes) : bytes
    return plain === undefined ? undefined : Array.from(plain, (byte) => String.fromCharCode(byte)).join('')
  }
}
