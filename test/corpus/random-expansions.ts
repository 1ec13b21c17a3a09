/**
 * Small files that use definitions, conditions, sequences, comments, quotes and includes in any order, the same ones for the same
 * seed. What they come to are the members of a vrrp_sync_group: keepalived names each of them in its log, as none exists.
 * Left out is what docs/differences.md has: uses of what is not defined, a value that ends in `$NAME`, stacked conditions, and
 * a sequence in the first line of a multi-line definition, and there a definition by others.
 */

export type ExpansionCase = {
  readonly text: string
  /** By name, beside the main file. */
  readonly files: Readonly<Record<string, string>>
}

const NAMES = ['A', 'B', 'C', 'NAME_1', '_x']
const PLAIN = ['foo', 'a.b', '10.0.0.1', 'x-y', 'k=v', 'p/q', "it's", 'back\\slash', '%d', 'a,b', '(z)', 'a@t', 'a~t', '1']

/** Mulberry32. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export function randomExpansion(seed: number): ExpansionCase {
  const random = randomNumbers(seed)
  const below = (count: number): number => Math.floor(random() * count)
  const pick = <T>(of: readonly T[]): T => of[below(of.length)] as T
  const chance = (share: number): boolean => random() < share
  const times = <T>(count: number, make: () => T): readonly T[] => Array.from({ length: count }, make)
  const files: Record<string, string> = {}
  let words = 0
  /** A value names only later names, so that none uses itself. */
  let usable: readonly string[] = NAMES

  const plain = () => `${pick(PLAIN)}${words++}`
  const name = () => (usable.length === 0 ? 'NAME_0' : pick(usable))
  const use = () => (chance(0.5) ? `\${${name()}}` : `$${name()}`)
  const pieces: readonly (() => string)[] = [
    plain,
    plain,
    plain,
    use,
    use,
    () => `p\${${name()}}s`,
    () => `$${name()},$${name()}`,
    () => `($${name()})`,
    () => `$${name()}${pick(['.', '-', 'z', '/', ':'])}t`,
    () => `"q ${plain()}"`,
    () => `"\${${name()}} z"`,
    () => `"$${name()}"`,
    () => `"$${name()} "`,
    () => 'x"y z"w',
    () => '""',
    () => `"#${plain()} !"`,
    () => '$UNDEF',
    () => `$$${name()}`,
    () => `\${${'_INSTANCE'}}`,
    () => `"\${${'_HASH'}}" "\${${'_BANG'}}"`,
    () => 'i$I j$J',
    () => '$',
  ]
  const blank = () => pick([' ', ' ', ' ', '  ', '\t', ' \t '])
  const some = (most: number): string =>
    times(1 + below(most), () => pick(pieces)()).reduce((line, piece) => line + blank() + piece)
  const tail = () => (chance(0.12) ? pick([' # c $A', ' ! c', '#glued', '!glued "x', ' # "quote', '   ', '\t']) : '')
  const condition = () => pick(['@alpha ', '@^alpha ', '@beta ', '@^beta ', '@alpha\t', '@alphabet '])
  const bound = () => pick(['0', '1', '2', '3', '-1', '-2', '0x4', '010', '$N', ' 2 '])
  const sequence = (): string => {
    const variable = pick(['I', 'J'])
    return pick([
      () => `~SEQ(${variable},${pick(['1', '2', '3', '0', '-2'])})`,
      () => `~SEQ(${variable}, ${bound()},${bound()})`,
      () => `~SEQ(${variable},1,2,${pick(['5', '6', '1'])})`,
      () => `~SEQ(${variable},5,-2,${pick(['1', '0', '5'])})`,
      () => `~SEQx(${variable},${pick(['9', '14', '0x1e'])},${pick(['11', '16', '0x21'])})`,
      () => `~LST(${variable},${pick(['p,q', 'p', 'p, q', 'p,q,', 'x.y,z-1,10'])})`,
      () => `~LST({I,J},${pick(['{a,b},{c,d}', '{a,b}', '{a},{c,d}', '{ a , b },{c,d}'])})`,
    ])()
  }
  const sequences = () => sequence() + pick([' ', ' ', '']) + (chance(0.3) ? `${sequence()} ` : '')
  const definition = (): string => {
    const defined = pick(NAMES)
    usable = NAMES.slice(NAMES.indexOf(defined) + 1)
    const value = chance(0.1) ? '' : some(2).replace(/\$(\w+)$/, `\${${'NAME_0'}}`)
    usable = NAMES
    return `$${defined}=${pick(['', '', '', ' '])}${value}`
  }
  const bodyLine = (first: boolean, inner: string): string =>
    pick([
      () => some(3),
      () => some(3),
      () => condition() + some(2),
      () => (first ? some(2) : sequences() + some(2)),
      () => `$${pick(NAMES)}=${plain()}`,
      () => inner,
    ])()
  /** $L may hold $M, which holds neither. */
  const lines = (): readonly string[] => {
    const long = pick(['L', 'M'])
    const body = times(1 + below(4), () => '').map((_, index) => bodyLine(index === 0, long === 'L' ? '$M' : 'm'))
    const comment = () => (chance(0.2) ? pick([' # c', '! c "']) : '')
    const all = body.map((line, index) =>
      index < body.length - 1 || chance(0.3) ? `${pick(['', ' ', '\t'])}${line}${comment()}${pick([' ', '', '  '])}\\` : line,
    )
    return [`$${long}=${pick([' ', '', 'one '])}\\`, ...all, ...(all.at(-1)?.endsWith('\\') ? [''] : [])]
  }
  const include = (content: readonly string[]): string => {
    const file = `f${Object.keys(files).length}.inc`
    files[file] = content.join('\n') + (chance(0.8) ? '\n' : '')
    return `include ${pick([file, file, `./${file}`])}`
  }
  const definitions = (): readonly string[] =>
    pick<() => readonly string[]>([
      () => [`${chance(0.08) ? '\t' : ''}${definition()}${tail()}`],
      () => [`${condition()}${definition()}`],
      lines,
      () => [pick(['# c $A', ''])],
    ])()
  const memberLine = (): readonly string[] =>
    pick<() => readonly string[]>([
      () => [some(4) + tail()],
      () => [some(4) + tail()],
      () => [some(4) + tail()],
      () => [condition() + some(3) + tail()],
      () => [sequences() + some(3) + tail()],
      () => [condition() + sequences() + some(2)],
      () => [sequences() + condition() + some(2)],
      () => [pick(['$M', `\${${'M'}}`, '$L', ' $M ', '$L # c'])],
      () => [`${sequences()}$M`],
      () => [`${condition()}$M`],
      () => [definition()],
      () => [pick(['', '# c "', '! $A {'])],
      () => [include(times(2, () => some(3)))],
      lines,
    ])()
  const text = [
    '$M= \\\n m1 \\\n m2\n$L=l1 \\\n$M\n$NAME_0=zero\n$A=one\n$B=two words\n$C=three\n$NAME_1=\n$_x="q"\n$N=2',
    ...times(2 + below(5), definitions).flat(),
    ...(chance(0.2) ? [include(times(2, definitions).flat())] : []),
    'vrrp_sync_group G {\ngroup {\nBEGIN',
    ...times(1 + below(5), memberLine).flat(),
    // What a definition of several lines would otherwise take along.
    '\nEND\n}\n}\n',
  ].join('\n')
  return { text, files }
}
