/**
 * How much stack the programs of a compiled object take, as the verifier reckons it: each function's frame in steps of 32 bytes,
 * summed up along every chain of calls and callbacks. Read from the instructions alone, so that no kernel is needed to say what
 * Linux 6.1 will refuse: newer ones count in steps of 16 bytes, or give a function a stack of its own.
 */
import { readFileSync } from 'node:fs'

export type Chain = {
  /** From the program on. */
  readonly functions: readonly string[]
  readonly bytes: number
}

export type CallChains = {
  /** The deepest one of each program. */
  readonly programs: readonly Chain[]
  /** Those to a function, other than a program, that calls another program; without its own frame. */
  readonly tailCallers: readonly Chain[]
}

const FRAME_STEP = 32
const INSTRUCTION = 8
const TAIL_CALL = 12

/** What an instruction is, by its first byte. */
const LOAD_ADDRESS = 0x18
const ADD_NUMBER = 0x07
const COPY = 0xbf
const CALL = 0x85
const LOADS = 0x61
const STORES = new Set([0x62, 0x63])
const STACK = 10

type Section = { readonly type: number; readonly flags: number; readonly bytes: DataView; readonly info: number }
type Named = {
  readonly name: string
  readonly section: number
  readonly at: number
  readonly size: number
  readonly kind: number
}
type Body = { readonly name: string; frame: number; tailCalls: boolean; readonly calls: Body[] }

const SECTION_HEADER = 64
const SYMBOL = 24
const RELOCATION = 16
const TYPE_SYMBOLS = 2
const TYPE_RELOCATIONS = 9
const EXECUTABLE = 4
const KIND_FUNCTION = 2

/** Of a little-endian 64-bit ELF file, which is what clang makes of a program. */
function readElf(path: string) {
  const file = readFileSync(path)
  const view = new DataView(file.buffer, file.byteOffset, file.length)
  const part = (at: number, size: number): DataView => new DataView(file.buffer, file.byteOffset + at, size)
  const headers = Number(view.getBigUint64(0x28, true))
  const sections: Section[] = Array.from({ length: view.getUint16(0x3c, true) }, (_, i) => {
    const header = part(headers + i * SECTION_HEADER, SECTION_HEADER)
    const type = header.getUint32(4, true)
    const size = type === 8 ? 0 : Number(header.getBigUint64(32, true))
    return {
      type,
      flags: Number(header.getBigUint64(8, true)),
      bytes: part(Number(header.getBigUint64(24, true)), size),
      info: header.getUint32(44, true),
    }
  })
  const table = sections.findIndex(({ type }) => type === TYPE_SYMBOLS)
  const symbols = sections[table] as Section
  const linked = part(headers + table * SECTION_HEADER, SECTION_HEADER).getUint32(40, true)
  const strings = (sections[linked] as Section).bytes
  const text = (at: number): string => {
    let end = at
    while (strings.getUint8(end) !== 0) end++
    return Buffer.from(strings.buffer, strings.byteOffset + at, end - at).toString()
  }
  const names: Named[] = Array.from({ length: symbols.bytes.byteLength / SYMBOL }, (_, i) => {
    const at = i * SYMBOL
    return {
      name: text(symbols.bytes.getUint32(at, true)),
      kind: symbols.bytes.getUint8(at + 4) & 15,
      section: symbols.bytes.getUint16(at + 6, true),
      at: Number(symbols.bytes.getBigUint64(at + 8, true)),
      size: Number(symbols.bytes.getBigUint64(at + 16, true)),
    }
  })
  return { sections, names }
}

/** The programs of an object, with what they call. */
function readPrograms(path: string): readonly Body[] {
  const { sections, names } = readElf(path)
  const isCode = (section: number): boolean => ((sections[section]?.flags ?? 0) & EXECUTABLE) !== 0
  const functions = names.filter(({ kind, section }) => kind === KIND_FUNCTION && isCode(section))
  const bodies = new Map<string, Body>()
  const place = (section: number, at: number): string => `${section}:${at}`
  for (const { name, section, at } of functions)
    bodies.set(place(section, at), { name, frame: 0, tailCalls: false, calls: [] })
  const bodyAt = (section: number, at: number): Body => {
    const found = bodies.get(place(section, at))
    if (found === undefined) throw new Error(`${path}: no function at ${at} of section ${section}`)
    return found
  }
  const relocations = new Map<string, Named>()
  for (const { type, info, bytes } of sections) {
    if (type !== TYPE_RELOCATIONS) continue
    for (let at = 0; at < bytes.byteLength; at += RELOCATION)
      relocations.set(place(info, Number(bytes.getBigUint64(at, true))), names[bytes.getUint32(at + 12, true)] as Named)
  }
  for (const { section, at, size } of functions) {
    const code = (sections[section] as Section).bytes
    const body = bodyAt(section, at)
    /** The register into which the instruction before has copied the stack's address. */
    let copied = -1
    for (let here = at; here < at + size; here += INSTRUCTION) {
      const kind = code.getUint8(here)
      const registers = code.getUint8(here + 1)
      const [to, from] = [registers & 15, registers >> 4]
      const offset = code.getInt16(here + 2, true)
      const number = code.getInt32(here + 4, true)
      const moved = relocations.get(place(section, here))
      if (kind === ADD_NUMBER && to === copied) body.frame = Math.max(body.frame, -number)
      copied = kind === COPY && from === STACK ? to : -1
      const memory = kind & 0xe7
      if ((memory === LOADS && from === STACK) || (STORES.has(memory) && to === STACK))
        body.frame = Math.max(body.frame, -offset)
      if (kind === CALL && from === 0) body.tailCalls ||= number === TAIL_CALL
      if (kind === CALL && from === 1) {
        const base = moved === undefined ? here : moved.at
        body.calls.push(bodyAt(moved?.section ?? section, base + (number + 1) * INSTRUCTION))
      }
      if (kind === LOAD_ADDRESS) {
        if (moved !== undefined && isCode(moved.section)) body.calls.push(bodyAt(moved.section, moved.at + number))
        here += INSTRUCTION
      }
    }
  }
  // What only other functions call is in `.text`, the first code section, which clang writes even when it is empty.
  const text = sections.findIndex((_, i) => isCode(i))
  return functions.filter(({ section }) => section !== text).map(({ section, at }) => bodyAt(section, at))
}

const frameOf = ({ frame }: Body): number => Math.ceil(Math.max(frame, 1) / FRAME_STEP) * FRAME_STEP

export function callChains(path: string): CallChains {
  const programs = readPrograms(path)
  const tailCallers: Chain[] = []
  const deepest = (body: Body, above: readonly Body[]): Chain => {
    if (above.includes(body)) throw new Error(`${path}: ${body.name} calls itself`)
    const bytes = above.reduce((sum, one) => sum + frameOf(one), 0)
    const functions = [...above, body].map(({ name }) => name)
    if (above.length > 0 && body.tailCalls) tailCallers.push({ functions, bytes })
    return body.calls
      .map((called) => deepest(called, [...above, body]))
      .reduce((most, chain) => (chain.bytes > most.bytes ? chain : most), { functions, bytes: bytes + frameOf(body) })
  }
  return { programs: programs.map((program) => deepest(program, [])), tailCallers }
}
