import { fail, ok, type Result, seconds } from '../../base/index.ts'
import { endpoint, type NameServer } from '../../model/index.ts'
import type { LookupFailure } from '../../proto/lookup/index.ts'
import { answerCode } from '../../proto/probe/index.ts'
import { ask, exchange, randomBytes } from '../../sys/net/index.ts'
import {
  answers,
  type DnsMessage,
  decodeAnswers,
  decodeMessage,
  encodeName,
  encodeQuery,
  framed,
  openMessageReader,
} from '../../wire/dns/index.ts'
import type { AskRecords } from './lookup.ts'

/** For each answer; over TCP for the whole of it. */
const PATIENCE = seconds(2)
/** Each name server is asked so often. */
const ROUNDS = 2

const NOERROR = 0
const NXDOMAIN = 3

/**
 * Asks one name server after the other until one tells that the name has such records, or that it does not exist. What a server
 * that may not answer says (SERVFAIL, REFUSED), and what is no answer, is followed by the next.
 */
export const askNameServers =
  (servers: readonly NameServer[], signal: AbortSignal): AskRecords =>
  async (name, type) => {
    const encoded = encodeName(name)
    if (encoded === undefined || name.includes('\\')) return fail({ reason: 'unusable', message: `${name} is no host` })
    let failure = 'there is no name server'
    for (let round = 0; round < ROUNDS && !signal.aborted; round++)
      for (const server of servers) {
        const [high = 0, low = 0] = randomBytes(2)
        const query = encodeQuery({ id: high * 256 + low, name: encoded, type })
        const answer = await askOne(server, query, signal)
        if (signal.aborted) break
        const told = answer.ok ? meaningOf(answer.value, name) : answer
        if (told.ok || told.error.reason !== 'unanswered') return told
        failure = `${endpoint(server)}: ${told.error.message}`
      }
    return fail({ reason: 'unanswered', message: failure })
  }

type Answer = { readonly message: DnsMessage; readonly bytes: Uint8Array }

function meaningOf({ message, bytes }: Answer, name: string): Awaited<ReturnType<AskRecords>> {
  if (message.code === NXDOMAIN) return fail({ reason: 'nxdomain', message: `${name} does not exist` })
  if (message.code !== NOERROR) return unanswered(`it answers ${answerCode(message.code)} for ${name}`)
  const records = decodeAnswers(bytes)
  return records.ok ? records : unanswered(`its answer for ${name} is broken`)
}

const unanswered = (message: string): Result<never, LookupFailure> => fail({ reason: 'unanswered', message })

/** Over UDP, and over TCP where the answer did not fit. */
async function askOne(
  server: NameServer,
  query: Uint8Array,
  signal: AbortSignal,
): Promise<Result<Answer, LookupFailure>> {
  const target = { ...server, connectTimeout: PATIENCE }
  let found: Answer | undefined
  const take = (bytes: Uint8Array): boolean => {
    const decoded = decodeMessage(bytes)
    if (!decoded.ok || !answers(decoded.value, query)) return false
    // What is passed in is valid only until we return.
    found = { message: decoded.value, bytes: bytes.slice() }
    return true
  }
  const overUdp = await ask(
    target,
    { over: 'udp', request: query, onDatagram: (bytes) => (take(bytes) ? 'enough' : 'more') },
    signal,
  )
  if (found === undefined) return unanswered(overUdp.ok ? 'no answer' : overUdp.error.message)
  if (!found.message.truncated) return ok(found)
  found = undefined
  const reader = openMessageReader()
  const overTcp = await exchange(
    target,
    {
      request: framed(query),
      onBytes(chunk) {
        const message = reader.take(chunk)
        if (message === undefined) return 'more'
        take(message)
        return 'enough'
      },
      patience: PATIENCE,
    },
    signal,
  )
  if (found !== undefined) return ok(found)
  return unanswered(`over TCP: ${overTcp.ok ? 'what it says is no answer' : overTcp.error.message}`)
}
