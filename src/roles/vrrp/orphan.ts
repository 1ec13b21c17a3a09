import { after, type Instant, type Log, type Micros, seconds } from '../../base/index.ts'
import type { HandoffConnection, HandoffListener } from '../../sys/handoff/index.ts'
import type { ResumedRouter } from '../ipc/index.ts'
import type { VrrpPorts } from './ports.ts'
import type { VirtualRouters } from './virtual-routers.ts'

/** The socket on which an orphaned role waits for its successor. */
const handoffPath = (runDirectory: string): string => `${runDirectory}/vrrp-handoff.sock`

/** How long a role whose supervisor died keeps its virtual routers for a successor. */
const GRACE: Micros = seconds(10)
/** The same while a successor is there and makes itself ready. */
const PATIENCE: Micros = seconds(30)

/** Successor to predecessor: what have you got; then: I send now, be silent. */
type ToOrphan = { readonly type: 'query' } | { readonly type: 'take'; readonly keys: readonly string[] }
type FromOrphan =
  | { readonly type: 'masters'; readonly masters: readonly ResumedRouter[] }
  | { readonly type: 'released' }

/**
 * The life of a role after its supervisor's death: it goes on as it was and waits for a successor to take its masters.
 * If none comes within the grace it resigns. Nothing is reported, nobody is there.
 * @param finish all is handed over, or nobody came: `resign` says which
 */
export async function liveAsOrphan(
  ports: VrrpPorts,
  routers: VirtualRouters,
  runDirectory: string,
  log: Log,
  finish: (how: 'handed-over' | 'resign') => void,
): Promise<void> {
  let listener: HandoffListener | undefined
  let over = false
  const end = (how: 'handed-over' | 'resign') => {
    if (over) return
    over = true
    listener?.close()
    finish(how)
  }
  const expect = (within: Micros) => {
    const until: Instant = after(ports.clock.now(), within)
    routers.wakeAt(until, () => end('resign'))
  }
  expect(GRACE)
  const listening = await ports.listenForSuccessor(handoffPath(runDirectory), (connection) => {
    connection.onClosed(() => {
      if (!over) expect(GRACE)
    })
    connection.onMessage((message) => {
      if (over) return
      if (isQuery(message)) {
        expect(PATIENCE)
        connection.send({ type: 'masters', masters: routers.masters() } satisfies FromOrphan)
      } else if (isTake(message)) {
        routers.handOver(new Set(message.keys))
        routers.close()
        connection.send({ type: 'released' } satisfies FromOrphan)
        end('handed-over')
      }
    })
  })
  if (!listening.ok) log.error('no successor can take over from here', { reason: listening.error.message })
  else if (over) listening.value.close()
  else listener = listening.value
}

/** A living predecessor, seen from the role that takes its place. */
export type Predecessor = {
  readonly masters: readonly ResumedRouter[]
  /** It falls silent, lets go of these and ends; resolves when it has. */
  take(keys: readonly string[]): Promise<void>
  /** It lives on. */
  leave(): void
}

/** An answer over a unix socket takes well under a millisecond; whoever takes this long is stuck. */
const ANSWER: Micros = seconds(0.5)

/** The orphan of an earlier supervisor, if there is one. */
export async function findPredecessor(
  ports: VrrpPorts,
  routers: VirtualRouters,
  runDirectory: string,
  log: Log,
): Promise<Predecessor | undefined> {
  const connected = await ports.connectToPredecessor(handoffPath(runDirectory))
  if (!connected.ok) {
    if (connected.error.reason === 'failed')
      log.warn('predecessor cannot be asked', { reason: connected.error.message })
    return undefined
  }
  const connection = connected.value
  const answer = await ask(ports, routers, connection, { type: 'query' })
  if (answer?.type !== 'masters') {
    connection.close()
    return undefined
  }
  return {
    masters: answer.masters,
    async take(keys) {
      await ask(ports, routers, connection, { type: 'take', keys })
      connection.close()
    },
    leave: () => connection.close(),
  }
}

/** Undefined when the other side closes, stays silent or talks nonsense. */
function ask(
  ports: VrrpPorts,
  routers: VirtualRouters,
  connection: HandoffConnection,
  question: ToOrphan,
): Promise<FromOrphan | undefined> {
  return new Promise((resolve) => {
    const settle = (answer: FromOrphan | undefined) => {
      routers.wakeAt(undefined, () => {})
      resolve(answer)
    }
    routers.wakeAt(after(ports.clock.now(), ANSWER), () => settle(undefined))
    connection.onClosed(() => resolve(undefined))
    connection.onMessage((message) => settle(readAnswer(message)))
    connection.send(question)
  })
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}

const isQuery = (value: unknown): boolean => fieldsOf(value)['type'] === 'query'

function isTake(value: unknown): value is Extract<ToOrphan, { type: 'take' }> {
  const { type, keys } = fieldsOf(value)
  return type === 'take' && Array.isArray(keys) && keys.every((key) => typeof key === 'string')
}

function readAnswer(value: unknown): FromOrphan | undefined {
  const { type, masters } = fieldsOf(value)
  if (type === 'released') return { type }
  if (type !== 'masters' || !Array.isArray(masters)) return undefined
  const read: ResumedRouter[] = []
  for (const one of masters) {
    const { key, since } = fieldsOf(one)
    if (typeof key !== 'string' || typeof since !== 'string') return undefined
    read.push({ key, since })
  }
  return { type, masters: read }
}
