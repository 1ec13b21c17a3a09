import type { Plan, PlannedChange } from '../config/index.ts'

const marks = { added: '+', removed: '-', changed: '~' } as const

/** A line for each object and one for each keyword of it; `no changes` when there are none. */
export const planText = (plan: Plan): string => (plan.length === 0 ? 'no changes\n' : plan.map(changeText).join(''))

function changeText({ kind, name, change, effect, keywords }: PlannedChange): string {
  const head = `${marks[change]} ${kind}${name === '' ? '' : ` ${name}`}: ${effect}\n`
  return head + keywords.map((one) => `    ${keywordText(one)}\n`).join('')
}

/** `priority 100 → 150`, `+ virtual_ipaddress 192.0.2.9/24`, `- nopreempt`. */
function keywordText({ keyword, before, after }: PlannedChange['keywords'][number]): string {
  const joined = (value: string): string => [keyword, value].filter((part) => part !== '').join(' ')
  if (before !== undefined && after !== undefined) return `${keyword} ${before} → ${after}`
  return before === undefined ? `+ ${joined(after ?? '')}` : `- ${joined(before)}`
}
