/**
 * What the demo prints: a line an event with the seconds since the beginning, a line of bars every two seconds of traffic,
 * and a table at the end. Colours only on a terminal, and not with NO_COLOR set.
 */
import { type LoadRequest, nowMillis, summary } from '../test/lab/library/index.ts'

const colourful = process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined
const paint =
  (code: number) =>
  (text: string): string =>
    colourful ? `\u001b[${code}m${text}\u001b[0m` : text

export const bold = paint(1)
export const dim = paint(2)
export const red = paint(31)
export const green = paint(32)
export const yellow = paint(33)
export const cyan = paint(36)

/** Columns that a bar may take. */
const BAR = 24

export type Timeline = {
  /** A heading for what comes. */
  chapter(title: string): void
  /** Something that the demo did or saw, at the given wall time (milliseconds; default: just then). */
  event(text: string, at?: number): void
  /** What the load did in a while: requests by server as bars, failures by reason. */
  traffic(requests: readonly LoadRequest[], servers: readonly string[]): void
  say(text: string): void
}

/** Seconds with one decimal: `3.2 s`. */
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

export function openTimeline(start: number = nowMillis()): Timeline {
  const stamp = (at: number): string => dim(seconds(at - start).padStart(7))
  const say = (text: string): void => void process.stdout.write(`${text}\n`)
  return {
    say,
    chapter: (title) => say(`\n${bold(title)}`),
    event: (text, at = nowMillis()) => say(`${stamp(at)}  ${text}`),
    traffic(requests, servers) {
      const { answered, failed, byServer, byError } = summary(requests)
      const total = Math.max(answered + failed, 1)
      const bars = servers.map((server) => {
        const count = byServer.get(server) ?? 0
        const length = Math.round((BAR * count) / total)
        return `${server} ${cyan('█'.repeat(length))}${dim('·'.repeat(BAR - length))} ${String(count).padStart(4)}`
      })
      const reasons = [...byError].map(([reason, count]) => `${count} ${reason}`).join(', ')
      say(
        `${stamp(nowMillis())}  ${dim('│')} ${bars.join('  ')}  ${failed === 0 ? dim('none failed') : red(`failed: ${reasons}`)}`,
      )
    },
  }
}
