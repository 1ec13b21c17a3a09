import { fail, hostIsLittleEndian as host, ok, type Result } from '../../base/index.ts'
import * as generic from '../../wire/genetlink/index.ts'
import { type Attribute, type NetlinkMessage, NLM_F_ACK } from '../../wire/netlink/index.ts'
import { dumpOver, type Exchange, exchangeOver } from './exchange.ts'
import { NETLINK_GENERIC, openBlockingSocket } from './netlink-socket.ts'
import type { NetlinkError, OpenGenericClient } from './ports.ts'

export const openGenericClient: OpenGenericClient = (name, version) => {
  const opened = openBlockingSocket(NETLINK_GENERIC)
  if (!opened.ok) return fail({ code: opened.error.code, message: opened.error.message })
  const socket = opened.value
  const exchange = exchangeOver(socket)
  const family = resolveFamily(exchange, name)
  if (!family.ok) {
    socket.close()
    return family
  }
  const { id } = family.value
  const request = (command: number, attributes: readonly Attribute[]): Uint8Array =>
    generic.encodeGenericMessage({ command, version, attributes }, host)

  return ok({
    execute(what, command, attributes) {
      const done = exchange(what, id, NLM_F_ACK, request(command, attributes))
      return done.ok ? ok(undefined) : done
    },

    ask(what, command, attributes) {
      let answer: generic.GenericMessage | undefined
      const done = exchange(what, id, NLM_F_ACK, request(command, attributes), (message) => {
        answer ??= readOwned(message)
      })
      return done.ok ? ok(answer) : done
    },

    dump(what, command, attributes, read) {
      return dumpOver(exchange, what, id, request(command, attributes), ({ payload }) => {
        const message = generic.decodeGenericMessage(payload, host)
        return message.ok ? read(message.value) : undefined
      })
    },

    close: () => socket.close(),
  })
}

function resolveFamily(exchange: Exchange, name: string): Result<generic.GenericFamily, NetlinkError> {
  const what = `generic netlink family ${name}`
  const payload = generic.encodeGenericMessage(generic.familyRequest(name), host)
  let answer: generic.GenericMessage | undefined
  const done = exchange(what, generic.GENL_ID_CTRL, NLM_F_ACK, payload, (message) => {
    answer ??= readOwned(message)
  })
  if (!done.ok) return done
  const family = answer === undefined ? undefined : generic.readFamily(answer, host)
  if (family?.ok) return family
  const detail = family === undefined ? 'no answer' : `${family.error.field} ${family.error.got}`
  return fail({ code: 'EBADMSG', message: `${what}: the kernel's answer cannot be read: ${detail}` })
}

/** Undefined for what cannot be read. */
function readOwned({ payload }: NetlinkMessage): generic.GenericMessage | undefined {
  const message = generic.decodeGenericMessage(payload.slice(), host)
  return message.ok ? message.value : undefined
}
