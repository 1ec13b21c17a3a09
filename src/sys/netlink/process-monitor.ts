import process from 'node:process'
import { fail, hostIsLittleEndian, ok, type Result } from '../../base/index.ts'
import { decodeProcessEvent, encodeListen, PROCESS_CONNECTOR, type ProcessEvent } from '../../wire/connector/index.ts'
import { encodeMessage, NLMSG_DONE } from '../../wire/netlink/index.ts'
import { isWouldBlock, type SystemError, systemError } from '../descriptor/index.ts'
import { linkTarget, readText } from '../files/index.ts'
import { withinNetworkNamespace } from '../privileges/index.ts'
import { NETLINK_CONNECTOR, type NetlinkSocket, openGroupSocket } from './netlink-socket.ts'
import { processEventFilter } from './process-event-filter.ts'

/** What happened to a process. Threads are left out. */
export type ProcessNews =
  | { readonly type: 'forked'; readonly pid: number; readonly parent: number }
  /** It executes another program, or calls itself otherwise. */
  | { readonly type: 'changed'; readonly pid: number }
  | { readonly type: 'exited'; readonly pid: number }
  /** Some news was lost: all processes have to be looked at again. */
  | { readonly type: 'lost' }

/** Some ten thousand events that come at once. */
const RECEIVE_BUFFER = 2_097_152
/** Datagrams taken at one wake-up; the rest wakes the loop again. */
const BATCH = 512
/** PROC_PID_INIT_INO and PROC_USER_INIT_INO (linux/proc_ns.h): the kernel tells nobody else, and does not say so. */
const FIRST_PIDS = 'pid:[4026531836]'
const FIRST_USERS = 'user:[4026531837]'

/**
 * Tells of every process that is forked, executes, is renamed or ends, from the moment this returns. Needs CAP_NET_ADMIN,
 * the host's process and user namespaces, and a kernel with CONFIG_PROC_EVENTS; the failure says what is missing.
 * @param receiveBuffer  bytes of news that may wait to be read; at least two megabytes
 */
export function openProcessMonitor(
  onNews: (news: ProcessNews) => void,
  receiveBuffer = 0,
): Result<{ close(): void }, { readonly message: string }> {
  const elsewhere = outsideFirstNamespaces()
  if (elsewhere !== undefined) return fail({ message: elsewhere })
  const opened = openAnywhere(Math.max(RECEIVE_BUFFER, receiveBuffer))
  if (!opened.ok) return fail({ message: `the kernel does not tell of processes: ${opened.error.message}` })
  const socket = opened.value
  const { descriptor } = socket
  let lost = false
  const watching = descriptor.whenReadable(() => {
    // A handler may close the monitor, so each turn looks.
    for (let left = BATCH; left > 0 && !descriptor.closed; left--) {
      const received = socket.receive()
      if (typeof received === 'number' && isWouldBlock(received)) {
        if (lost) onNews({ type: 'lost' })
        lost = false
        return
      }
      // ENOBUFS: the kernel dropped events.
      if (typeof received === 'number' || received.type === 'unreadable') {
        lost = true
        continue
      }
      // What was queued before the loss is older than what will be read.
      if (lost) continue
      for (const { payload } of received.messages) {
        const event = decodeProcessEvent(payload, hostIsLittleEndian)
        const news = event.ok ? newsOf(event.value) : undefined
        if (news !== undefined && !descriptor.closed) onNews(news)
      }
    }
  })
  if (watching < 0) {
    socket.close()
    return fail({ message: systemError('epoll_ctl', watching).message })
  }
  return ok({ close: () => socket.close() })
}

/** The connector is in the first network namespace only; elsewhere the kernel refuses the connection. */
function openAnywhere(receiveBuffer: number): Result<NetlinkSocket, SystemError> {
  const open = () => openHere(receiveBuffer)
  const [own, ...others] = networkNamespaces()
  const here = open()
  if (here.ok || here.error.code !== 'ECONNREFUSED' || own === undefined) return here
  for (const path of others) {
    const there = withinNetworkNamespace(path, open)
    if (there.ok) return there
  }
  return here
}

function openHere(receiveBuffer: number): Result<NetlinkSocket, SystemError> {
  const opened = openGroupSocket([PROCESS_CONNECTOR], receiveBuffer, processEventFilter(), NETLINK_CONNECTOR)
  if (!opened.ok) return opened
  const socket = opened.value
  const request = { type: NLMSG_DONE, flags: 0, sequence: 0, port: 0, payload: encodeListen(hostIsLittleEndian) }
  const sent = socket.send(encodeMessage(request, hostIsLittleEndian))
  if (sent >= 0) return ok(socket)
  socket.close()
  return fail(systemError('send to the process connector', sent))
}

function newsOf(event: ProcessEvent): ProcessNews | undefined {
  switch (event.type) {
    case 'forked':
      return event.child.id === event.child.process
        ? { type: 'forked', pid: event.child.process, parent: event.parent.process }
        : undefined
    // Whichever thread executes, the process has the name from here on.
    case 'executed':
      return { type: 'changed', pid: event.task.process }
    case 'renamed':
      return event.task.id === event.task.process ? { type: 'changed', pid: event.task.process } : undefined
    case 'exited':
      return event.task.id === event.task.process ? { type: 'exited', pid: event.task.process } : undefined
    default:
      return undefined
  }
}

function outsideFirstNamespaces(): string | undefined {
  const [pids, users] = [linkTarget('/proc/self/ns/pid'), linkTarget('/proc/self/ns/user')]
  if (pids !== undefined && pids !== FIRST_PIDS)
    return 'the kernel tells of processes only in the process namespace of the host, and this is another'
  if (users !== undefined && users !== FIRST_USERS)
    return 'the kernel tells of processes only in the user namespace of the host, and this is another'
  return undefined
}

/**
 * Network namespaces that may be the first one: our own, that of the first process, and those of our ancestors, where an
 * administrator has put us elsewhere by ip-netns(8) or the first process may not be looked at.
 */
function networkNamespaces(): readonly string[] {
  const found = new Map<string, string>()
  const add = (path: string) => {
    const identity = linkTarget(path)
    if (identity !== undefined && !found.has(identity)) found.set(identity, path)
  }
  add('/proc/thread-self/ns/net')
  add('/proc/1/ns/net')
  const seen = new Set<number>()
  for (let pid = process.ppid; pid > 1 && !seen.has(pid); pid = parentOf(pid)) {
    seen.add(pid)
    add(`/proc/${pid}/ns/net`)
  }
  return [...found.values()]
}

/** 0 where it cannot be told. */
function parentOf(pid: number): number {
  const status = readText(`/proc/${pid}/status`)
  return status.ok ? Number(/^PPid:\s*(\d+)/m.exec(status.value)?.[1] ?? 0) : 0
}
