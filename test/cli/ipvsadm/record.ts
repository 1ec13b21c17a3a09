import { readFileSync } from 'node:fs'

export type RecordedLine = {
  readonly line: string
  /** After the program's name. */
  readonly argv: readonly string[]
  /** `O` and `E` and a line of standard output or error each, at last `=` and the exit code. */
  readonly recorded: readonly string[]
}

/** Words as a shell would split them; double quotes only. */
const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map(([word]) => word.replaceAll('"', ''))

/** What ipvsadm 1.31 printed over Debian's kernel 6.1, each line after those before it. */
export function readRecord(): readonly RecordedLine[] {
  const steps: { line: string; argv: readonly string[]; recorded: string[] }[] = []
  for (const line of readFileSync(new URL('transcript.txt', import.meta.url), 'utf8').split('\n')) {
    if (line.startsWith('> ')) steps.push({ line: line.slice(2), argv: wordsOf(line.slice(2)).slice(1), recorded: [] })
    else if (line !== '') steps.at(-1)?.recorded.push(line)
  }
  return steps
}
