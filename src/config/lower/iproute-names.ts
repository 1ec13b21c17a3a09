import { builtInNames, type NameFile } from '../keywords/index.ts'
import type { ConfigPorts } from '../ports.ts'

/** Names of tables, protocols and so on, as `ip` knows them. */
export type IprouteNames = {
  /** The number that a name, or a number in C's notation, stands for; undefined for neither. */
  numberOf(file: NameFile, text: string): number | undefined
}

export type IprouteDirectories = { readonly usr: string; readonly etc: string }

export const IPROUTE_DIRECTORIES: IprouteDirectories = { usr: '/usr/share/iproute2', etc: '/etc/iproute2' }

/**
 * Reads each file when it is first asked for. One in `etc` takes the place of the one of the same name in `usr`, and
 * `FILE.d/*.conf` of both add to it (ip-route(8)).
 */
export function iprouteNames(
  ports: Pick<ConfigPorts, 'read' | 'list'>,
  { usr, etc }: IprouteDirectories = IPROUTE_DIRECTORIES,
): IprouteNames {
  const known = new Map<NameFile, ReadonlyMap<string, number>>()

  const textOf = (path: string): string | undefined => {
    const content = ports.read(path)
    return content.ok ? new TextDecoder().decode(content.value.bytes) : undefined
  }
  const load = (file: NameFile): ReadonlyMap<string, number> => {
    const more = [usr, etc].flatMap((directory) =>
      (ports.list(`${directory}/${file}.d`) ?? [])
        .filter((name) => name.endsWith('.conf') && !name.startsWith('.'))
        .sort()
        .map((name) => textOf(`${directory}/${file}.d/${name}`) ?? ''),
    )
    const main = textOf(`${etc}/${file}`) ?? textOf(`${usr}/${file}`) ?? ''
    return new Map([...Object.entries(builtInNames[file]), ...[main, ...more].flatMap(entriesOf)])
  }
  return {
    numberOf(file, text) {
      const number = numberIn(text)
      if (number !== undefined) return number
      const names = known.get(file) ?? load(file)
      known.set(file, names)
      return names.get(text)
    },
  }
}

function entriesOf(text: string): readonly (readonly [string, number])[] {
  return text.split('\n').flatMap((line) => {
    const [number, name] = line.replace(/#.*/, '').trim().split(/\s+/)
    const value = numberIn(number ?? '')
    return value === undefined || name === undefined ? [] : [[name, value] as const]
  })
}

/** Decimal, 0x hexadecimal or 0 octal, at most 32 bits; undefined for anything else. */
export function numberIn(text: string): number | undefined {
  const value = /^0x[0-9a-f]+$/i.test(text)
    ? Number.parseInt(text.slice(2), 16)
    : /^0[0-7]+$/.test(text)
      ? Number.parseInt(text, 8)
      : /^(?:0|[1-9]\d*)$/.test(text)
        ? Number(text)
        : undefined
  return value !== undefined && value <= 0xffff_ffff ? value : undefined
}
