import { parseArgs } from 'node:util'
import { fail, type IpAddress, type Micros, micros, ok, parseAddress, type Result } from '../../base/index.ts'

/** What to fetch, and how. */
export type Page = {
  readonly address: IpAddress
  readonly port: number
  /** Path and query, as the request line has it. */
  readonly url: string
  readonly tls: boolean
  /** Whether `host` is told in the TLS handshake as well. */
  readonly sni: boolean
  /** Host header, instead of address and port. */
  readonly host?: string
  readonly httpVersion: '1.0' | '1.0C' | '1.1'
  readonly fwmark?: number
  /** For the connection, and for each wait after it. */
  readonly timeout?: Micros
  readonly verbose: boolean
}

const options = {
  'use-ssl': { type: 'boolean', short: 'S' },
  'use-sni': { type: 'boolean', short: 'I' },
  server: { type: 'string', short: 's' },
  port: { type: 'string', short: 'p' },
  url: { type: 'string', short: 'u' },
  'use-virtualhost': { type: 'string', short: 'V' },
  verbose: { type: 'boolean', short: 'v' },
  help: { type: 'boolean', short: 'h' },
  fwmark: { type: 'string', short: 'm' },
  protocol: { type: 'string', short: 'P' },
  timeout: { type: 'string', short: 't' },
} as const

/** Reads the command line; the error is a sentence to stand before the usage, empty when the usage says it all. */
export function understand(argv: readonly string[]): Result<Page, string> {
  let parsed: ReturnType<typeof parse>
  try {
    parsed = parse(argv)
  } catch (error) {
    // `Unknown option '-x'. To specify …`: the first sentence is ours to tell.
    return fail((error as Error).message.split('. ')[0] ?? '')
  }
  const { values, positionals } = parsed
  if (positionals.length > 0) return fail(`Unexpected argument(s): ${positionals.join(' ')}`)
  if (values.help) return fail('')
  const missing = (['server', 'port', 'url'] as const).filter((name) => values[name] === undefined)
  if (argv.length === 0) return fail('')
  if (missing.length > 0) return fail(`missing: ${missing.map((name) => `--${name}`).join(', ')}`)

  const address = parseAddress(values.server as string)
  if (address === undefined) return fail(`server should be an IP, not ${values.server}`)
  const port = number(values.port as string, 65535)
  if (port === undefined || port === 0) return fail(`invalid port number '${values.port}'`)
  const fwmark = values.fwmark === undefined ? undefined : number(values.fwmark, 0xffffffff)
  if (values.fwmark !== undefined && fwmark === undefined) return fail(`invalid fwmark '${values.fwmark}'`)
  const timeout = values.timeout === undefined ? undefined : number(values.timeout, 4294)
  if (values.timeout !== undefined && !timeout) return fail(`invalid timeout '${values.timeout}'`)
  const httpVersion = versions[values.protocol ?? '1.0']
  if (httpVersion === undefined) return fail(`invalid HTTP protocol version '${values.protocol}'`)

  const host = values['use-virtualhost']
  return ok({
    address,
    port,
    url: values.url as string,
    tls: values['use-ssl'] ?? false,
    sni: values['use-sni'] ?? false,
    ...(host === undefined ? {} : { host }),
    httpVersion,
    ...(fwmark === undefined ? {} : { fwmark }),
    ...(timeout === undefined ? {} : { timeout: micros(timeout * 1_000_000) }),
    verbose: values.verbose ?? false,
  })
}

const parse = (argv: readonly string[]) => parseArgs({ args: [...argv], options, allowPositionals: true, strict: true })

const versions: Readonly<Record<string, Page['httpVersion']>> = {
  '1.0': '1.0',
  '1.0c': '1.0C',
  '1.0C': '1.0C',
  '1.1': '1.1',
}

function number(text: string, most: number): number | undefined {
  const value = /^(?:\d+|0x[\da-f]+)$/i.test(text) ? Number(text) : Number.NaN
  return value <= most ? value : undefined
}

export const usage = `Usage: genhash COMMAND [OPTIONS]
Commands:
   -s server-address -p port -u url
   -S -s server-address -p port -u url
   -h

Options:
Either long or short options are allowed.
   --use-ssl         -S       Use SSL connection to remote server.
   --use-sni         -I       Use SNI during SSL handshake (uses virtualhost setting; see -V).
   --server          -s       Use the specified remote server address.
   --port            -p       Use the specified remote server port.
   --url             -u       Use the specified remote server url.
   --use-virtualhost -V       Use the specified virtualhost in GET query.
   --verbose         -v       Use verbose mode output.
   --help            -h       Display this short inlined help screen.
   --fwmark          -m       Use the specified FW mark.
   --protocol        -P       Use the specified HTTP protocol - '1.0', '1.0c', '1.1'.
                                1.0c means 1.0 with 'Connection: close'
   --timeout         -t       Timeout in seconds
`
