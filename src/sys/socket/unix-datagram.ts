import { fail, ok, type Result } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import { checked, type SystemError } from '../descriptor/index.ts'
import { AF_UNIX, MSG_DONTWAIT, SOCK_CLOEXEC, SOCK_DGRAM } from './constants.ts'
import { encodeUnixSocketAddress } from './socket-address.ts'

/**
 * Sends one datagram to a unix socket and forgets it: sd_notify(3), syslog's /dev/log.
 * @param path  a file, or `@name` for the abstract name space
 */
export function sendUnixDatagram(path: string, data: Uint8Array): Result<void, SystemError> {
  const address = encodeUnixSocketAddress(path)
  if (address === undefined)
    return fail({ code: 'ENAMETOOLONG', call: 'sendmsg', message: `${path}: not the name of a unix socket` })
  const { socket, sendmsg, close } = hfsys()
  const opened = checked('socket AF_UNIX', socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0))
  if (!opened.ok) return opened
  const sent = checked('sendmsg', sendmsg(opened.value, data, address, undefined, MSG_DONTWAIT), path)
  close(opened.value)
  return sent.ok ? ok(undefined) : sent
}
