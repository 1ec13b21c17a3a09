import { type IpAddress, parseAddress } from '../../base/index.ts'
import { readText, removeFile, saveText } from '../../sys/files/index.ts'

/** What was there before, as far as it was changed here: what `down` puts back. */
export type RealServerMemory = {
  /** Put on lo by us. */
  readonly addresses: readonly IpAddress[]
  /** Former values by path. */
  readonly settings: Readonly<Record<string, string>>
  /** Interfaces that we brought up. */
  readonly links: readonly string[]
  readonly guePorts: readonly number[]
}

export const nothingChanged: RealServerMemory = { addresses: [], settings: {}, links: [], guePorts: [] }

const fileIn = (directory: string): string => `${directory}/realserver.json`

/** Nothing where there is no file; undefined where it cannot be understood. */
export function recall(directory: string): RealServerMemory | undefined {
  const text = readText(fileIn(directory))
  if (!text.ok) return text.error.code === 'ENOENT' ? nothingChanged : undefined
  try {
    const kept = JSON.parse(text.value) as Partial<Record<keyof RealServerMemory, unknown>>
    const { addresses, settings, links, guePorts } = kept
    if (!Array.isArray(addresses) || !Array.isArray(links) || !Array.isArray(guePorts)) return undefined
    if (typeof settings !== 'object' || settings === null) return undefined
    return {
      addresses: addresses.flatMap((word) => parseAddress(String(word)) ?? []),
      settings: Object.fromEntries(Object.entries(settings).map(([path, value]) => [path, String(value)])),
      links: links.map(String),
      guePorts: guePorts.map(Number),
    }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Returns the complaint, if there is one. */
export function remember(directory: string, memory: RealServerMemory): string | undefined {
  const empty = memory.addresses.length + memory.links.length + memory.guePorts.length === 0
  const done =
    empty && Object.keys(memory.settings).length === 0
      ? removeFile(fileIn(directory))
      : saveText(fileIn(directory), `${JSON.stringify(memory, undefined, 2)}\n`)
  return done.ok ? undefined : done.error.message
}
