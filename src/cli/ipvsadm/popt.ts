/** How popt(3) takes a command line apart: what ipvsadm's users have in their fingers and scripts. */

export type OptionForm = {
  readonly long: string
  readonly short?: string
  /** `optional`: the next word is taken unless it begins with a dash. */
  readonly value: 'none' | 'required' | 'optional'
}

/** One step through the words, in their order. */
export type OptionStep<O extends OptionForm> =
  | { readonly type: 'option'; readonly option: O; readonly value?: string; readonly word: string }
  /** Nothing after it is looked at. `word` is the last one taken. */
  | { readonly type: 'bad'; readonly word: string; readonly reason: string }

export type Words<O extends OptionForm> = {
  readonly steps: readonly OptionStep<O>[]
  /** Words that are neither options nor their values. */
  readonly rest: readonly string[]
}

const unknown = 'unknown option'
const missing = 'missing argument'
const unwanted = 'option does not take an argument'

/** Long options are never shortened; short ones bundle (`-Ln`) and take `-w5`, `-w 5` or `-w=5`; `--` ends options. */
export function splitWords<O extends OptionForm>(argv: readonly string[], options: readonly O[]): Words<O> {
  const steps: OptionStep<O>[] = []
  const rest: string[] = []
  let at = 0

  /** False: it ends here. */
  function take(option: O, word: string, attached: string | undefined): boolean {
    if (option.value === 'none') {
      steps.push({ type: 'option', option, word })
      return true
    }
    const next = argv[at]
    if (attached !== undefined) {
      steps.push({ type: 'option', option, value: attached, word })
    } else if (option.value === 'optional' && (next === undefined || next.startsWith('-'))) {
      steps.push({ type: 'option', option, word })
    } else if (next === undefined) {
      steps.push({ type: 'bad', word, reason: missing })
      return false
    } else {
      at += 1
      steps.push({ type: 'option', option, value: next, word: next })
    }
    return true
  }

  function long(word: string): boolean {
    const equals = word.indexOf('=')
    const name = word.slice(2, equals < 0 ? undefined : equals)
    const option = options.find((candidate) => candidate.long === name)
    if (option !== undefined && (equals < 0 || option.value !== 'none'))
      return take(option, word, equals < 0 ? undefined : word.slice(equals + 1))
    steps.push({ type: 'bad', word, reason: option === undefined ? unknown : unwanted })
    return false
  }

  function short(word: string): boolean {
    for (let from = 1; from < word.length; from++) {
      const option = options.find((candidate) => candidate.short === word[from])
      const after = word.slice(from + 1)
      if (option === undefined || (option.value === 'none' && after.startsWith('='))) {
        steps.push({ type: 'bad', word, reason: option === undefined ? unknown : unwanted })
        return false
      }
      if (option.value !== 'none')
        return take(option, word, after === '' ? undefined : after.startsWith('=') ? after.slice(1) : after)
      take(option, word, undefined)
    }
    return true
  }

  while (at < argv.length) {
    const word = argv[at] as string
    at += 1
    if (word === '--') {
      rest.push(...argv.slice(at))
      break
    }
    if (!word.startsWith('-') || word === '-') rest.push(word)
    else if (!(word.startsWith('--') ? long(word) : short(word))) break
  }
  return { steps, rest }
}
