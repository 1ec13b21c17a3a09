/** What would be read otherwise than it is meant, and what has something like it in ASCII. */
const NAMED: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  '~': '\\(ti',
  '^': '\\(ha',
  '`': '\\(ga',
  '–': '\\(en',
  '−': '\\(mi',
  '≥': '\\(>=',
  '≤': '\\(<=',
  '→': '\\(->',
  '’': '\\(cq',
  '…': '...',
}

/** A page is ASCII, so that it reads the same under every locale; the rest is named by its number. */
const named = (one: string): string =>
  NAMED[one] ?? (one > '~' ? `\\[u${one.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]` : one)

/** Text as it is to be read: nothing in it is a request, and a hyphen may be copied into a shell. */
export const plain = (text: string): string =>
  [...text]
    .map(named)
    .join('')
    .replace(/^([.'])/gm, '\\&$1')

/** The same in bold, as one word of a line. */
export const bold = (text: string): string => `\\fB${plain(text)}\\fR`

/** Sentences; what stands in backquotes is bold. */
export const prose = (text: string): string =>
  text
    .split(/`([^`]+)`/)
    .map((part, i) => (i % 2 === 1 ? bold(part) : plain(part)))
    .join('')

export const paragraph = (text: string): string => `.PP\n${prose(text)}`

/** A term, and indented below it what it means. */
export const entry = (term: string, ...meaning: readonly string[]): string =>
  `.TP\n${term}\n${meaning.map((one) => (one.startsWith('.') ? one : prose(one))).join('\n')}`

/** Lines that stay as they are. */
export const lines = (text: string): string => `.PP\n.nf\n${plain(text.trimEnd())}\n.fi`

/** A heading and what stands below it. */
export const section = (title: string, ...parts: readonly string[]): string => `.SH ${title}\n${parts.join('\n')}`
export const subsection = (title: string, ...parts: readonly string[]): string =>
  `.SS ${title.includes(' ') ? `"${plain(title)}"` : plain(title)}\n${parts.join('\n')}`

/** `holdfast(1)`, with the name in bold. */
export const reference = (page: string): string => page.replace(/^(.*)(\(\d\))$/, (_, name, of) => `${bold(name)}${of}`)

/** A page of manual section `number`, from NAME to SEE ALSO. */
export function page(
  { name, number, about, version }: PageTitle,
  parts: readonly string[],
  seeAlso: readonly string[],
): string {
  return [
    `.TH ${name.toUpperCase()} ${number} "" "Holdfast ${version}" "Holdfast"`,
    '.ad l',
    '.hy 0',
    section('NAME', `${plain(name)} \\- ${plain(about)}`),
    ...parts,
    section('SEE ALSO', seeAlso.map(reference).join(',\n')),
    '',
  ].join('\n')
}

export type PageTitle = {
  readonly name: string
  readonly number: 1 | 5 | 8
  /** What apropos(1) shows: half a sentence, without a full stop. */
  readonly about: string
  readonly version: string
}
