import { parseArgs } from 'node:util'
import { fail, ok, type Result, seconds } from '../../base/index.ts'
import type { ArpingSettings } from '../../proto/arping/index.ts'

/** What the command line says, nothing looked up. */
export type ArpingOrder = ArpingSettings & {
  readonly quiet: boolean
  /** Address or name. */
  readonly destination: string
  readonly interface?: string
  readonly source?: string
}

const options = {
  answer: { type: 'boolean', short: 'A' },
  broadcast: { type: 'boolean', short: 'b' },
  detect: { type: 'boolean', short: 'D' },
  first: { type: 'boolean', short: 'f' },
  help: { type: 'boolean', short: 'h' },
  quiet: { type: 'boolean', short: 'q' },
  update: { type: 'boolean', short: 'U' },
  version: { type: 'boolean', short: 'V' },
  count: { type: 'string', short: 'c' },
  interval: { type: 'string', short: 'i' },
  interface: { type: 'string', short: 'I' },
  source: { type: 'string', short: 's' },
  deadline: { type: 'string', short: 'w' },
} as const

const parse = (argv: readonly string[]) => parseArgs({ args: [...argv], options, allowPositionals: true, strict: true })

/** What is wrong with a command line: the sentence, empty for none, and whether the usage goes with it. */
export type ArpingMisuse = { readonly sentence: string; readonly exitCode: 1 | 2; readonly usage: boolean }

/** Exit codes are those of iputils: 1 for a value that is none, 2 for words that are not understood. */
export function understandArping(argv: readonly string[]): Result<ArpingOrder | 'version', ArpingMisuse> {
  let parsed: ReturnType<typeof parse>
  try {
    parsed = parse(argv)
  } catch (error) {
    // `Unknown option '-x'. To specify …`: the first sentence is ours to tell.
    return fail({ sentence: (error as Error).message.split('. ')[0] ?? '', exitCode: 2, usage: true })
  }
  const { values, positionals } = parsed
  if (values.version) return ok('version')
  const [destination, ...more] = positionals
  if (values.help || destination === undefined) return fail({ sentence: '', exitCode: 2, usage: true })
  if (more.length > 0)
    return fail({ sentence: `one destination, not also ${more.join(' ')}`, exitCode: 2, usage: true })

  const numbers = { count: [1, 2147483647], interval: [0, 2147483], deadline: [0, 2147483] } as const
  for (const [name, [least, most]] of Object.entries(numbers)) {
    const text = values[name as keyof typeof numbers]
    if (text === undefined || (/^\d+$/.test(text) && Number(text) >= least && Number(text) <= most)) continue
    return fail({ sentence: `invalid ${name} '${text}': a number from ${least} to ${most}`, exitCode: 1, usage: false })
  }
  const { count, deadline, source } = values
  return ok({
    mode: values.detect ? 'detect' : values.answer ? 'reply' : values.update ? 'update' : 'ask',
    keepBroadcasting: values.broadcast ?? false,
    quitOnFirst: values.first ?? false,
    quiet: values.quiet ?? false,
    ...(count === undefined ? {} : { count: Number(count) }),
    // As iputils', where 0 is none.
    ...(Number(deadline ?? 0) === 0 ? {} : { deadline: seconds(Number(deadline)) }),
    interval: seconds(Number(values.interval ?? 1)),
    destination,
    ...(values.interface === undefined ? {} : { interface: values.interface }),
    ...(source === undefined ? {} : { source }),
  })
}

export const arpingUsage = `Usage: holdfast arping [options] <destination>

Asks the link who has an address, by ARP or by neighbour discovery, or tells it.

  -f            quit on first reply
  -q            be quiet
  -b            keep on broadcasting, do not unicast
  -D            duplicate address detection: exit code 1 when somebody has it
  -U            unsolicited ARP, or neighbour advertisement: update your neighbours
  -A            the same by ARP replies
  -V            print version and exit
  -c <count>    how many packets to send
  -w <timeout>  how long to wait, in seconds
  -i <interval> between packets, in seconds (default: 1)
  -I <device>   which interface to use (default: the one that the routes name)
  -s <source>   source address
  <destination> name or address, IPv4 or IPv6
`
