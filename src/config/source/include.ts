import type { ConfigPorts } from '../ports.ts'
import { glob, hasWildcard, MOST_ALTERNATIVES, ways } from './glob.ts'
import type { IncludeTest } from './include-check.ts'

const DEEPEST_INCLUDE = 32
const MOST_FILES = 4096

/** A file to read in place of the line, or why there is none. */
export type Included =
  | { readonly kind: 'file'; readonly path: string; readonly bytes: Uint8Array }
  | {
      readonly kind: 'problem'
      readonly test: IncludeTest
      /** Reading it would not end, or not soon: a fault of the text, and not of the files. */
      readonly endless?: true
      readonly message: string
      readonly remedy?: string
    }

/**
 * What `include PATTERN` in a file of `directory` reads, one after the other. `openFiles` are the files being read, the
 * main one first; `fileCount` counts all so far and is asked again before each.
 */
export function* includedFiles(
  pattern: string,
  directory: string,
  ports: ConfigPorts,
  openFiles: readonly string[],
  fileCount: () => number,
  fatal: readonly IncludeTest[],
): Generator<Included> {
  const problem = (test: IncludeTest, message: string, remedy?: string): Included & { readonly kind: 'problem' } => ({
    kind: 'problem',
    test,
    message: `include ${pattern}: ${message}`,
    ...(remedy === undefined ? {} : { remedy }),
  })
  const absolute = resolve(directory, pattern)
  const all = ways(absolute)
  if (all === undefined) {
    const message = `its braces stand for more than ${MOST_ALTERNATIVES} patterns; not read`
    yield { ...problem('R', message, 'write several includes'), endless: true }
    return
  }
  const found = all.map((way) => ({ way, paths: glob(way, (path) => ports.list(path)) }))
  const isThere = (path: string): boolean => {
    const content = ports.read(path)
    return content.ok || content.error.reason !== 'missing'
  }
  const matched = found.filter(({ way, paths }) => (hasWildcard(way) ? paths.length > 0 : paths.some(isThere)))
  for (const { way } of found.filter((one) => !matched.includes(one))) {
    if (!hasWildcard(way)) {
      yield problem(found.length > 1 ? 'B' : 'M', `${way}: no such file`)
      continue
    }
    // An empty conf.d is nothing to complain of; a folder that is not there is.
    const folder = way.slice(0, way.search(/[*?[]/)).replace(/\/[^/]*$/, '') || '/'
    if (ports.list(folder) === undefined)
      yield problem('W', `no such folder: ${folder}`, 'make the folder or remove the line')
    else if (matched.length === 0 && fatal.includes('W')) yield problem('W', 'no file matches')
  }
  for (const path of matched.flatMap(({ paths }) => paths)) {
    if (openFiles.includes(path)) {
      yield { ...problem('R', `${path} includes itself; it is not read again`, 'remove the line'), endless: true }
      continue
    }
    if (openFiles.length >= DEEPEST_INCLUDE || fileCount() >= MOST_FILES) {
      yield {
        ...problem('R', `more than ${DEEPEST_INCLUDE} files deep or ${MOST_FILES} in all; not read`),
        endless: true,
      }
      return
    }
    const content = ports.read(path)
    if (!content.ok) {
      const { reason, detail } = content.error
      if (reason === 'not-a-file' && hasWildcard(pattern) && fatal.length === 0) continue
      yield problem('R', `${path}: ${detail}`)
    } else if (content.value.executable && hasWildcard(pattern)) {
      yield problem('R', `${path} is executable and is passed over`, `chmod a-x ${path}`)
    } else yield { kind: 'file', path, bytes: content.value.bytes }
  }
}

/** `..` is left to the file system: it may follow a symbolic link. A leading `./` is taken off. */
function resolve(directory: string, path: string): string {
  const plain = path.replace(/^(?:\.\/)+/, '')
  if (plain.startsWith('/')) return plain
  return directory === '/' ? `/${plain}` : `${directory}/${plain}`
}
