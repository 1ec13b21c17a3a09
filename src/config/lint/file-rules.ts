import type { Place } from '../source/index.ts'
import type { Rule } from './rule.ts'

/** The conditions at the start of a line, as source/condition.ts takes them off. */
const CONDITIONS = /^\s*(?:@\^?[^ \t]+[ \t]+)+/
const MOST_SHOWN = 5

/** What bites in files as they are written. */
export const fileRules: readonly Rule[] = [
  {
    name: 'config-id-unnamed',
    finds: 'lines for some configuration ids, of which none is that of this host',
    why: 'Whatever is behind @ID is left out then, in silence: the host has another name, or -i is missing.',
    lookAtFiles(files, { configId }, complain) {
      const named = new Map<string, Place>()
      for (const { path, lines } of files)
        for (const [index, line] of lines.entries())
          for (const { 1: id = '', index: at } of (CONDITIONS.exec(line)?.[0] ?? '').matchAll(/@\^?([^ \t]+)/g))
            if (!named.has(id)) named.set(id, { file: path, line: index + 1, column: at + 1 })
      const [first] = named.values()
      if (first === undefined || named.has(configId)) return
      const ids = [...named.keys()]
      const shown = [...ids.slice(0, MOST_SHOWN), ...(ids.length > MOST_SHOWN ? ['others'] : [])].join(', ')
      complain(first, `there are lines for ${shown}, and none for ${configId}, the configuration id here`, {
        remedy: 'say with -i which is meant',
      })
    },
  },
]
