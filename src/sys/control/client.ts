import { createConnection } from 'node:net'
import { fail, ok, type Result } from '../../base/index.ts'
import { lineSplitter } from './line-splitter.ts'

export type ControlError = {
  /** `absent`: nobody listens; `denied`: the socket is not ours to use. */
  readonly reason: 'absent' | 'denied' | 'closed' | 'malformed' | 'timeout'
  readonly message: string
}

const answerLimit = 64 * 1024 * 1024

/** Sends one request and yields every value that comes back until `onValue` says that it has had enough. */
export function askControl(
  path: string,
  request: unknown,
  onValue: (value: unknown) => 'more' | 'enough',
  /** Milliseconds without an answer. */
  patience: number,
): Promise<Result<void, ControlError>> {
  return new Promise((resolve) => {
    const socket = createConnection(path)
    const finish = (result: Result<void, ControlError>) => {
      socket.destroy()
      resolve(result)
    }
    const split = lineSplitter(
      answerLimit,
      (line) => {
        const value = parse(line)
        if (value === undefined) finish(fail({ reason: 'malformed', message: `${path}: the answer is not JSON` }))
        else if (onValue(value) === 'enough') finish(ok(undefined))
      },
      () => finish(fail({ reason: 'malformed', message: `${path}: the answer is too long` })),
    )
    socket.setEncoding('utf8')
    socket.setTimeout(patience, () => finish(fail({ reason: 'timeout', message: `${path}: no answer` })))
    socket.on('connect', () => void socket.write(`${JSON.stringify(request)}\n`))
    socket.on('data', (chunk) => split(String(chunk)))
    socket.on('error', (error: NodeJS.ErrnoException) =>
      finish(fail({ reason: reasonOf(error.code), message: `${path}: ${error.message}` })),
    )
    socket.on('close', () => finish(fail({ reason: 'closed', message: `${path}: closed without an answer` })))
  })
}

function reasonOf(code: string | undefined): ControlError['reason'] {
  if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') return 'absent'
  return code === 'EACCES' || code === 'EPERM' ? 'denied' : 'closed'
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
