/**
 * genhash: fetches one page and prints the MD5 of its body as the `digest` of an HTTP_GET or SSL_GET has it. The options and
 * the output are those of keepalived's genhash; the request, the reading of the answer and the digest are the checker's own,
 * so what is printed here is what the checker will find. Where keepalived ends with 0 whatever happened, this ends with 2.
 */

import process from 'node:process'
import { micros, seconds } from '../../base/index.ts'
import { type HttpReading, httpRequest, readHttp, unread } from '../../proto/probe/index.ts'
import { exchange, openMd5 } from '../../sys/net/index.ts'
import { asciiDump, hexDump, title } from './dump.ts'
import { type Page, understand, usage } from './options.ts'

/** The exit code: 0, 1 for a command line that is not understood, 2 when there is no hash to print. */
export async function runGenhash(argv: readonly string[]): Promise<number> {
  process.stdout.on('error', () => process.exit(0))
  const page = understand(argv)
  if (!page.ok) {
    process.stderr.write(`${page.error === '' ? '' : `${page.error}\n`}${usage}`)
    return 1
  }
  return fetchHash(page.value)
}

/** keepalived waits that long for each step unless `-t` says otherwise. */
const PATIENCE = seconds(5)
/** For the whole answer: a server that drips ends too. */
const WHOLE = 12

async function fetchHash(page: Page): Promise<number> {
  const tell = (text: string) => void (page.verbose && process.stdout.write(text))
  const timeout = page.timeout ?? PATIENCE
  const digest = openMd5()
  let reading: HttpReading = unread
  const began = process.hrtime.bigint()

  const end = await exchange(
    {
      address: page.address,
      port: page.port,
      connectTimeout: timeout,
      ...(page.fwmark ? { fwmark: page.fwmark } : {}),
    },
    {
      request: httpRequest(
        { target: page, httpVersion: page.httpVersion },
        { path: page.url, ...(page.host === undefined ? {} : { virtualHost: page.host }) },
      ),
      patience: micros(timeout * WHOLE),
      ...(page.tls ? { tls: page.sni && page.host !== undefined ? { serverName: page.host } : {} } : {}),
      onBytes(chunk) {
        const before = reading
        const step = readHttp(reading, chunk)
        reading = step.reading
        digest.update(step.hashed)
        if (before.name === 'head' && reading.name === 'body') tell(headDump(before.bytes, chunk))
        if (reading.name === 'body' && step.hashed.length > 0) tell(`${title('HTML Buffer')}${hexDump(step.hashed)}\n`)
        return reading.name === 'given-up' ? 'enough' : 'more'
      },
    },
    new AbortController().signal,
  )

  if (!end.ok) return failed(`${end.error.message} (${page.address} port ${page.port})`)
  if (reading.name === 'given-up') return failed(reading.outcome.detail)
  if (reading.name === 'head') return failed('no data received from remote webserver')
  const hash = digest.hex()
  tell(`${title('HTML hash resulting')}${hexDump(Buffer.from(hash, 'hex'))}${title('HTML hash final resulting')}`)
  process.stdout.write(`${hash}\n`)
  tell(`\nGlobal response time for [${page.url}] = ${(process.hrtime.bigint() - began) / 1000n} usecs\n`)
  return 0
}

/** The head has ended in `chunk`; what follows it is the body's. */
function headDump(before: Uint8Array, chunk: Uint8Array): string {
  const bytes = Buffer.concat([before, chunk])
  const head = bytes.subarray(0, bytes.indexOf('\r\n\r\n') + 4)
  return `${title('HTTP Header Buffer')}${hexDump(head)}${title('HTTP Header Ascii Buffer')}${asciiDump(head)}\n`
}

function failed(sentence: string): 2 {
  process.stderr.write(`${sentence}\n`)
  return 2
}
