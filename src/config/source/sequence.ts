import { fail, ok, type Result } from '../../base/index.ts'

/** One turn of a `~SEQ` or `~LST`: the variables and what they hold. */
export type Turn = readonly (readonly [name: string, value: string])[]

/** More turns than this in one sequence are refused. */
const MOST_TURNS = 65_536
const NAME = /^[A-Za-z_]\w*$/

/**
 * What stands between the brackets of `~SEQ(…)`, `~SEQx(…)` or `~LST(…)` to the turns it stands for
 * (keepalived.conf(5), "Sequence blocks"). The error is a sentence.
 */
export function turns(kind: string, parameters: string): Result<readonly Turn[], string> {
  return kind === 'LST' ? listTurns(parameters) : numberTurns(parameters, kind === 'SEQx')
}

function numberTurns(parameters: string, hexadecimal: boolean): Result<readonly Turn[], string> {
  const [name, ...bounds] = parameters.split(',').map((part) => part.trim())
  if (name === undefined || !NAME.test(name)) return fail(`~SEQ needs a variable's name first, not "${name ?? ''}"`)
  const numbers = bounds.map(integer)
  if (numbers.length < 1 || numbers.length > 3)
    return fail('~SEQ takes (VAR,END), (VAR,START,END) or (VAR,START,STEP,END)')
  const bad = bounds[numbers.indexOf(undefined)]
  if (bad !== undefined) return fail(`~SEQ: "${bad}" is not a whole number`)
  const values = numbers as number[]
  const end = values.at(-1) as number
  const start = values.length > 1 ? (values[0] as number) : end < 0 ? -1 : 1
  const step = values.length === 3 ? (values[1] as number) : end < start ? -1 : 1
  if (step === 0 || (end !== start && step > 0 !== end > start))
    return fail(`~SEQ: steps of ${step} never lead from ${start} to ${end}`)
  if (hexadecimal && (start < 0 || end < 0)) return fail('~SEQx takes no negative numbers')
  if (Math.abs(end - start) / Math.abs(step) >= MOST_TURNS) return fail(`~SEQ: more than ${MOST_TURNS} values`)
  const all: Turn[] = []
  for (let value = start; step > 0 ? value <= end : value >= end; value += step)
    all.push([[name, hexadecimal ? value.toString(16) : String(value)]])
  return ok(all)
}

function integer(text: string): number | undefined {
  const match = /^(-?)(0x[0-9a-f]{1,8}|0[0-7]{0,10}|[1-9]\d{0,9})$/i.exec(text)
  if (match === null) return undefined
  const digits = match[2] as string
  const base = /^0x/i.test(digits) ? 16 : digits.startsWith('0') ? 8 : 10
  const value = Number.parseInt(digits.replace(/^0x/i, ''), base)
  return match[1] === '-' ? -value : value
}

function listTurns(parameters: string): Result<readonly Turn[], string> {
  const groups = splitGroups(parameters)
  if (groups === undefined || groups.length < 2) return fail('~LST takes (VAR,value,…) or ({a,b},{1,2},…)')
  const [names, ...values] = groups as [readonly string[], ...(readonly string[])[]]
  const bad = names.find((name) => !NAME.test(name))
  if (bad !== undefined) return fail(`~LST needs variables' names first, not "${bad}"`)
  if (values.length > MOST_TURNS) return fail(`~LST: more than ${MOST_TURNS} values`)
  const surplus = values.find((group) => group.length > names.length)
  if (surplus !== undefined) return fail(`~LST: {${surplus.join(',')}} has more values than there are variables`)
  return ok(values.map((group) => names.map((name, index) => [name, group[index] ?? ''] as const)))
}

/** `a,{b,c}` to `[['a'], ['b','c']]`; what follows a last comma is empty. */
function splitGroups(text: string): readonly (readonly string[])[] | undefined {
  const groups: string[][] = []
  let rest = text.trim()
  while (rest !== '') {
    // What comes to the comma or the end; blanks belong to it.
    const match = /^(?:\{([^{}]*)\}[ \t]*|([^{},]*))(,|$)/.exec(rest)
    if (match === null) return undefined
    groups.push(match[1] === undefined ? [(match[2] as string).trim()] : match[1].split(',').map((one) => one.trim()))
    rest = rest.slice(match[0].length).trim()
    if (match[3] === '') break
    if (rest === '') groups.push([''])
  }
  return groups
}
