/** The commands of the kernel's IPVS as calls. */

import { type Family, fail, familyOf, hostIsLittleEndian as host, ok, type Result } from '../../base/index.ts'
import type { GenericClient } from '../../sys/netlink/index.ts'
import * as wire from '../../wire/ipvs/index.ts'

export type KernelError = { readonly code: string; readonly message: string }
type Done = Result<void, KernelError>

export type Kernel = {
  putService(name: string, service: wire.IpvsService): Done
  removeService(name: string, service: wire.IpvsServiceIdentity): Done
  putDestination(name: string, service: wire.IpvsServiceIdentity, destination: wire.IpvsDestination): Done
  removeDestination(name: string, service: wire.IpvsServiceIdentity, destination: wire.IpvsDestinationIdentity): Done
  services(): Result<readonly wire.IpvsService[], KernelError>
  /** None for a service that is not there. */
  destinations(service: wire.IpvsServiceIdentity): Result<readonly wire.IpvsDestination[], KernelError>
  /** @param service  undefined: all counters */
  zero(name: string, service: wire.IpvsServiceIdentity | undefined): Done
  setTimeouts(timeouts: wire.IpvsTimeouts): Done
  timeouts(): Result<wire.IpvsTimeouts, KernelError>
  info(): Result<wire.IpvsInfo, KernelError>
  daemons(): Result<readonly wire.IpvsDaemon[], KernelError>
  startDaemon(daemon: wire.IpvsDaemon): Done
  stopDaemon(role: wire.IpvsDaemon['role']): Done
  close(): void
}

const { ipvsCommands: commands } = wire

export function kernelOver(client: GenericClient): Kernel {
  /** The first command; where it says `unless`, the second. */
  const oneOf = (what: string, first: number, unless: string, second: number, attributes: Attributes): Done => {
    const done = client.execute(what, first, attributes)
    return done.ok || done.error.code !== unless ? done : client.execute(what, second, attributes)
  }
  /** What is gone is removed. */
  const gone = (done: Done, ...codes: readonly string[]): Done =>
    done.ok || codes.includes(done.error.code) ? ok(undefined) : done

  return {
    putService(name, service) {
      const attributes = [wire.serviceAttribute(service, host)]
      return oneOf(name, commands.newService, 'EEXIST', commands.setService, attributes)
    },
    removeService(name, service) {
      const attributes = [wire.serviceIdentityAttribute(service, host)]
      return gone(client.execute(name, commands.deleteService, attributes), 'ESRCH')
    },
    putDestination(name, service, destination) {
      const attributes = [wire.serviceIdentityAttribute(service, host), wire.destinationAttribute(destination, host)]
      return oneOf(name, commands.newDestination, 'EEXIST', commands.setDestination, attributes)
    },
    removeDestination(name, service, destination) {
      const attributes = [
        wire.serviceIdentityAttribute(service, host),
        wire.destinationIdentityAttribute(destination, host),
      ]
      return gone(client.execute(name, commands.deleteDestination, attributes), 'ESRCH', 'ENOENT')
    },
    services() {
      return client.dump('IPVS services', commands.getService, [], ({ attributes }) =>
        readable(wire.readService(attributes, host)),
      )
    },
    destinations(service) {
      const identity = [wire.serviceIdentityAttribute(service, host)]
      return client.dump('IPVS destinations', commands.getDestination, identity, ({ attributes }) =>
        readable(wire.readDestination(attributes, familyOfIdentity(service), host)),
      )
    },
    zero(name, service) {
      const attributes = service === undefined ? [] : [wire.serviceIdentityAttribute(service, host)]
      return client.execute(name, commands.zero, attributes)
    },
    setTimeouts: (timeouts) =>
      client.execute('IPVS timeouts', commands.setTimeouts, wire.timeoutAttributes(timeouts, host)),
    timeouts: () => asked(client, 'IPVS timeouts', commands.getTimeouts, wire.readTimeouts),
    info: () => asked(client, 'IPVS information', commands.getInfo, wire.readInfo),
    daemons() {
      return client.dump('IPVS sync daemons', commands.getDaemon, [], ({ attributes }) =>
        readable(wire.readDaemon(attributes, host)),
      )
    },
    startDaemon: (daemon) =>
      client.execute(`${daemon.role} sync daemon`, commands.newDaemon, [wire.daemonAttribute(daemon, host)]),
    stopDaemon(role) {
      const attributes = [wire.daemonRoleAttribute(role, host)]
      const done = gone(client.execute(`${role} sync daemon`, commands.deleteDaemon, attributes), 'ESRCH')
      if (done.ok || done.error.code !== 'ETIMEDOUT') return done
      // A thread that is told to end before it has run once ends with EINTR, which netlink does not answer (Linux 6.1).
      const left = this.daemons()
      return left.ok && !left.value.some((daemon) => daemon.role === role) ? ok(undefined) : done
    },
    close: () => client.close(),
  }
}

type Attributes = Parameters<GenericClient['execute']>[2]

function asked<T>(
  client: GenericClient,
  what: string,
  command: number,
  read: (attributes: Attributes, little: boolean) => Result<T, { readonly field: string; readonly got: number }>,
): Result<T, KernelError> {
  const answer = client.ask(what, command, [])
  if (!answer.ok) return answer
  const decoded = read(answer.value?.attributes ?? [], host)
  if (decoded.ok) return decoded
  const { field, got } = decoded.error
  return fail({ code: 'EBADMSG', message: `${what}: the kernel's answer lacks ${field} (${got})` })
}

const readable = <T>(decoded: Result<T, unknown>): T | undefined => (decoded.ok ? decoded.value : undefined)

const familyOfIdentity = (identity: wire.IpvsServiceIdentity): Family =>
  identity.kind === 'fwmark' ? identity.family : familyOf(identity.address)
