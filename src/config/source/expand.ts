import type { Diagnostic } from '../diagnostic.ts'
import { nearest } from '../nearest.ts'
import { nextOf } from '../next-of.ts'
import type { ConfigPorts, LoadOptions } from '../ports.ts'
import { complaint } from '../report.ts'
import { commentStart } from './comment.ts'
import { conditional } from './condition.ts'
import { type Definition, linesUsed, substitute } from './definition.ts'
import { includedFiles } from './include.ts'
import { allTests, fatalTests, type IncludeTest, readIncludeCheck } from './include-check.ts'
import { type MappedText, mapped, type Origin, type Place, placeIn, slice, trimEnd, trimStart } from './mapped-text.ts'
import { predefinedNames } from './predefined.ts'
import { type PhysicalLines, readLines } from './read-lines.ts'
import { turns } from './sequence.ts'
import { type SourceFile, type SourcePiece, type SourceText, sourceText } from './source-text.ts'

const DEEPEST_LINE = 24
/** Lines that conditions, definitions and sequences may make; those that stand there as written are not counted. */
const MOST_LINES_MADE = 262_144
const MOST_CHARACTERS = 64 * 1024 * 1024
const MAY_NEED_EXPANSION = ['$', '~', '@', 'include']

export type Expansion = {
  readonly source: SourceText
  /** False: an include that must not fail did (keepalived.conf(5) includer … includea). */
  readonly complete: boolean
}

type Context = {
  readonly ports: ConfigPorts
  readonly options: LoadOptions
  readonly add: (diagnostic: Diagnostic) => void
  readonly files: SourceFile[]
  readonly pieces: SourcePiece[]
  readonly definitions: Map<string, Definition>
  readonly openFiles: string[]
  characters: number
  expansions: number
  full: boolean
  complete: boolean
  /** What include_check says, here and now. */
  includeCheck: readonly IncludeTest[]
}

/** Where a line stands: in which file, and through which uses of multi-line definitions and turns of sequences it came. */
type Standing = { readonly directory: string; readonly usedAt: readonly Origin[]; readonly depth: number }

/**
 * Reads the main file's bytes and whatever they include, and carries out conditions, definitions and sequences
 * (keepalived.conf(5), "Include files" to "Sequence blocks"). Comments and quotes stay in the text for the grammar.
 * Runs on whatever the files hold; what it cannot make sense of it reports and passes over.
 */
export function expand(
  path: string,
  bytes: Uint8Array,
  ports: ConfigPorts,
  options: LoadOptions,
  add: (diagnostic: Diagnostic) => void,
): Expansion {
  const context: Context = {
    ports,
    options,
    add,
    files: [],
    pieces: [],
    definitions: new Map(),
    openFiles: [],
    characters: 0,
    expansions: 0,
    full: false,
    complete: true,
    includeCheck: options.everyInclude === true ? allTests : [],
  }
  expandFile(context, path, bytes)
  return { source: sourceText(context.pieces, context.files), complete: context.complete }
}

/** What a file says with include_check holds in it, and in what it includes. */
function expandFile(context: Context, path: string, bytes: Uint8Array): void {
  const before = context.includeCheck
  const lines = readLines(path, bytes, context.add)
  context.files.push(lines.file)
  context.openFiles.push(path)
  const standing: Standing = { directory: directoryOf(path), usedAt: [], depth: 0 }
  const special = nextOf(lines.text, MAY_NEED_EXPANSION)
  const lineAt = (line: number): MappedText =>
    mapped(lines.text.slice(lines.startOf(line), lines.endOf(line)), { file: path, line: line + 1, column: 1 })
  let at = 0
  while (at < lines.count && !context.full) {
    const from = at
    while (at < lines.count && !lines.isLeftOut(at) && special(lines.startOf(at)) >= lines.endOf(at)) at++
    if (at > from) emitRun(context, lines, from, at, standing)
    if (at === lines.count || context.full) break
    if (lines.isLeftOut(at)) {
      const left = lines.keywordLeft(at++)
      if (left !== undefined) emit(context, mapped(left.word, { file: path, line: at, column: left.column }), standing)
      continue
    }
    const definition = multiLineDefinition(context, lines, lineAt, at)
    if (definition !== undefined) at = definition.next
    else expandLine(context, lineAt(at++), standing)
  }
  context.openFiles.pop()
  context.includeCheck = before
}

/** One line whose includes, conditions, definitions and sequences are still to be done. */
function expandLine(context: Context, written: MappedText, standing: Standing): void {
  if (context.full) return
  if (standing.depth > DEEPEST_LINE)
    return stop(
      context,
      placeIn(written, 0),
      standing,
      'definitions that use one another without end; the rest is not read',
    )
  if (++context.expansions > MOST_LINES_MADE) return tooMuch(context, placeIn(written, 0), standing)
  const { holds, rest } = conditional(written, context.options.configId)
  if (!holds) return
  const inner = { ...standing, depth: standing.depth + 1 }
  const comment = commentStart(rest.text)
  const content = trimEnd(comment < 0 ? rest : slice(rest, 0, comment))

  const include = /^(include[rmwba]?)[ \t]+(.*)$/.exec(content.text)
  if (include !== null) return includeLine(context, content, include[1] as string, include[2] as string, standing)
  if (/^include_check(?:[ \t]|$)/.test(content.text)) setIncludeCheck(context, content, standing)

  const value = /^\$([A-Za-z_]\w*)=[ \t]*/.exec(content.text)
  if (value !== null) {
    const [all, name] = value as unknown as [string, string]
    const place = placeIn(content, 0)
    context.definitions.set(name, { kind: 'value', value: content.text.slice(all.length), place })
    return
  }
  if (/^~(SEQx?|LST)\(/.test(content.text)) return expandSequence(context, content, inner)

  const body = linesUsed(content, context.definitions)
  if (body !== undefined) {
    const usedAt = [{ ...placeIn(content, 0), message: 'used here' }, ...standing.usedAt]
    for (const line of body.lines) {
      if (context.full) return
      expandLine(context, line, { ...inner, usedAt })
    }
    return
  }
  const result = substitute(content, context.definitions, predefinedNames(context.options, standing.directory))
  switch (result.kind) {
    case 'unchanged':
      tellLeftNames(context, content, standing)
      return emit(context, rest, standing)
    case 'changed':
      // What a definition holds may itself be an include, a condition or a sequence.
      if (/^[ \t]*(?:include|[@~$])/.test(result.line.text)) return expandLine(context, result.line, inner)
      tellLeftNames(context, result.line, standing)
      return emit(context, result.line, standing)
    case 'endless':
      context.add(
        complaint('error', 'source', placeIn(content, result.at), `definition $${result.name} grows without end`, {
          remedy: 'a definition must not use itself',
          related: standing.usedAt,
        }),
      )
      return
    case 'multi-line':
      context.add(
        complaint(
          'error',
          'source',
          placeIn(content, result.at),
          `$${result.name} is a multi-line definition and must stand alone on its line; the line is left out`,
          { related: standing.usedAt },
        ),
      )
      return
  }
}

/**
 * `$NAME= \` and the lines it takes: each but the last ends in `\`, a blank line or one of comment only ends it too. Also taken when its condition
 * does not hold, so that its lines are not read as something else.
 */
function multiLineDefinition(
  context: Context,
  lines: PhysicalLines,
  lineAt: (line: number) => MappedText,
  from: number,
): { readonly next: number } | undefined {
  const { holds, rest } = conditional(lineAt(from), context.options.configId)
  const { content: head, continues: begins } = bodyLine(rest)
  const match = begins ? /^\$([A-Za-z_]\w*)=/.exec(head.text) : null
  if (match === null) return undefined
  const body: MappedText[] = []
  const valueAt = head.text.indexOf('=') + 1
  const opening = trimStart(slice(head, valueAt))
  if (opening.text !== '') body.push(opening)
  let next = from + 1
  while (next < lines.count) {
    const line = next++
    if (lines.isLeftOut(line)) continue
    const { content, continues } = bodyLine(trimStart(lineAt(line)))
    if (content.text !== '') body.push(content)
    if (!continues) break
  }
  const place = placeIn(head, 0)
  if (holds) context.definitions.set(match[1] as string, { kind: 'lines', lines: body, place })
  return { next }
}

/** A line without its comment and without the `\` that makes the next one part of the definition, which may also end the comment. */
function bodyLine(line: MappedText): { readonly content: MappedText; readonly continues: boolean } {
  const comment = commentStart(line.text)
  const text = trimEnd(comment < 0 ? line : slice(line, 0, comment))
  if (text.text.endsWith('\\')) return { content: trimEnd(slice(text, 0, text.text.length - 1)), continues: true }
  return { content: text, continues: line.text.trimEnd().endsWith('\\') }
}

function expandSequence(context: Context, line: MappedText, standing: Standing): void {
  const open = line.text.indexOf('(')
  const close = line.text.indexOf(')')
  const form = line.text.startsWith('~LST')
    ? 'write ~LST(VAR,value,value) or ~LST({VAR,VAR},{value,value})'
    : 'write ~SEQ(VAR,START,STEP,END), with at most 65536 values'
  const say = (message: string) =>
    context.add(complaint('error', 'source', placeIn(line, 0), message, { remedy: form, related: standing.usedAt }))
  if (close < 0) return say('sequence without its closing bracket; the line is left out')
  const written = slice(line, open + 1, close)
  const parameters = substitute(written, context.definitions, predefinedNames(context.options, standing.directory))
  const text = parameters.kind === 'changed' ? parameters.line.text : written.text
  const result = turns(line.text.slice(1, open), text)
  if (!result.ok) return say(`${result.error}; the line is left out`)
  const rest = trimStart(slice(line, close + 1))
  if (rest.text === '') return
  // As with keepalived the last value stays: a definition of the same name is another from here on.
  for (const turn of result.value) {
    if (context.full) return
    for (const [name, value] of turn)
      context.definitions.set(name, { kind: 'value', value, place: placeIn(line, 0), turn: true })
    const message = `with ${turn.map(([name, value]) => `$${name} = ${value}`).join(', ')}`
    expandLine(context, rest, { ...standing, usedAt: [{ ...placeIn(line, 0), message }, ...standing.usedAt] })
  }
}

function includeLine(context: Context, line: MappedText, keyword: string, written: string, standing: Standing): void {
  const names = predefinedNames(context.options, standing.directory)
  const substituted = substitute(line, context.definitions, names)
  const argument = substituted.kind === 'changed' ? substituted.line.text.slice(keyword.length).trim() : written.trim()
  const pattern = argument.replace(/^"(.*)"$/, '$1')
  const place = placeIn(line, 0)
  const fatal = fatalTests(keyword, context.includeCheck)
  const { ports, openFiles } = context
  for (const found of includedFiles(pattern, standing.directory, ports, openFiles, () => context.files.length, fatal)) {
    if (context.full) return
    if (found.kind === 'file') {
      expandFile(context, found.path, found.bytes)
      continue
    }
    const counted = fatal.includes(found.test)
    if (counted) context.complete = false
    context.add(
      complaint(counted ? 'error' : 'warning', found.endless && !counted ? 'source' : 'include', place, found.message, {
        endColumn: place.column + line.text.length,
        ...(found.remedy === undefined ? {} : { remedy: found.remedy }),
        related: standing.usedAt,
      }),
    )
  }
}

function setIncludeCheck(context: Context, line: MappedText, standing: Standing): void {
  const words = [...line.text.matchAll(/\S+/g)].slice(1)
  context.includeCheck = readIncludeCheck(
    words.map(([word]) => word),
    context.includeCheck,
    (index, why) => {
      const { 0: word, index: at } = words[index] as RegExpExecArray
      context.add(
        complaint('error', 'value', placeIn(line, at), `include_check ${word} ${why}; the word has no effect`, {
          related: standing.usedAt,
        }),
      )
    },
  )
}

/**
 * What looks like the use of a definition and is none, outside of double quotes, where a program may know the name: `${NAME}` of a
 * name that is not defined, and `$NAME` of one that is, glued to what follows.
 */
function tellLeftNames(context: Context, line: MappedText, standing: Standing): void {
  if (!line.text.includes('$')) return
  const bare = line.text.replace(/"[^"]*"?/g, (quoted) => ' '.repeat(quoted.length))
  for (const { 0: use, 1: braced, 2: glued = '', index } of bare.matchAll(/\$\{([A-Za-z_]\w*)\}|\$([A-Za-z_]\w*)/g)) {
    const place = placeIn(line, index)
    const tell = (message: string, remedy?: string) =>
      context.add(
        complaint('warning', 'source', place, message, {
          endColumn: place.column + use.length,
          ...(remedy === undefined ? {} : { remedy }),
          related: standing.usedAt,
        }),
      )
    if (braced !== undefined) {
      const meant = nearest(braced, context.definitions.keys())
      tell(
        `there is no definition $${braced}=… before this line; ${use} stays`,
        meant === undefined ? undefined : `did you mean $${meant}?`,
      )
    } else if (context.definitions.has(glued)) tell(`${use} stays: it is glued to what follows`, `write \${${glued}}`)
  }
}

function emit(context: Context, content: MappedText, standing: Standing): void {
  context.characters += content.text.length
  if (context.characters > MOST_CHARACTERS) return tooMuch(context, placeIn(content, 0), standing)
  context.pieces.push({ kind: 'line', content, usedAt: standing.usedAt })
}

/** Lines of a file as they stand there, up to and without line `to`. */
function emitRun(context: Context, lines: PhysicalLines, from: number, to: number, standing: Standing): void {
  const text = lines.text.slice(lines.startOf(from), lines.endOf(to - 1))
  const file = lines.file.path
  context.characters += text.length
  if (context.characters > MOST_CHARACTERS) return tooMuch(context, { file, line: from + 1, column: 1 }, standing)
  context.pieces.push({ kind: 'run', text, file, line: from + 1 })
}

const tooMuch = (context: Context, place: Place, standing: Standing): void =>
  stop(context, place, standing, 'the configuration grows too large here; the rest is not read')

function stop(context: Context, place: Place, standing: Standing, why: string): void {
  const remedy = 'look for a definition, a sequence or an include that makes more than was meant'
  context.add(complaint('error', 'source', place, why, { remedy, related: standing.usedAt.slice(0, 4) }))
  context.full = true
}

const directoryOf = (path: string): string => {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '.' : slash === 0 ? '/' : path.slice(0, slash)
}
