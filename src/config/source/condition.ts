import { type MappedText, slice, trimStart } from './mapped-text.ts'

/**
 * Takes the conditions off the start of a line: `@ID rest` is *rest* where the configuration's id is ID, `@^ID rest`
 * where it is not, and they may be stacked. All are taken off, even after one that does not hold.
 */
export function conditional(
  line: MappedText,
  configId: string,
): { readonly holds: boolean; readonly rest: MappedText } {
  let rest = trimStart(line)
  let holds = true
  for (;;) {
    const condition = /^@(\^?)([^ \t]+)(?:[ \t]+|$)/.exec(rest.text)
    if (condition === null) return { holds, rest }
    const [all, negated, id] = condition as unknown as [string, string, string]
    if ((id === configId) !== (negated === '')) holds = false
    rest = slice(rest, all.length)
  }
}
