import { fail, type Log, ok, type Result } from '../../base/index.ts'
import { fileExists } from '../../sys/files/index.ts'
import { type OpenGenericClient, openGenericClient } from '../../sys/netlink/index.ts'
import { kernelModules, loadModule } from '../../sys/process/index.ts'
import { IPVS_FAMILY, IPVS_VERSION } from '../../wire/ipvs/index.ts'
import { type BackendCapabilities, type ForwardingBackend, schedulers, type Unsupported } from '../index.ts'
import { readConnections } from './connections.ts'
import { countersOf } from './counters.ts'
import { type Kernel, type KernelError, kernelOver } from './kernel.ts'
import { Orders } from './orders.ts'
import { readSettings } from './sysctls.ts'
import { readTable } from './table.ts'

export type IpvsOptions = {
  readonly log: Log
  readonly openGenericClient?: OpenGenericClient
  readonly loadModule?: typeof loadModule
}

const MODULE = 'ip_vs'
/** There while the kernel has IPv6. */
const IPV6_ADDRESSES = '/proc/net/if_inet6'

/** Takes the table of this network namespace as it is; loads ip_vs where the kernel has not got it yet. */
export async function openIpvsBackend(options: IpvsOptions): Promise<Result<ForwardingBackend, Unsupported>> {
  const { log } = options
  const opened = openKernel(options)
  if (!opened.ok) return opened
  const kernel = opened.value
  const info = kernel.info()
  if (!info.ok) {
    kernel.close()
    return fail(unsupported(info.error))
  }
  const orders = new Orders(kernel)
  const { connectionTableSize } = info.value
  const version = versionText(info.value.version)
  log.info("the kernel's IPVS forwards", { version, connectionTableSize })

  let closed = false
  return ok({
    kind: 'ipvs',
    probe: async () => ok(capabilities()),
    read: async () => ({ services: readTable(kernel).map(({ state }) => state) }),
    info: async () => ({ version, connectionTableSize: known(kernel.info()).connectionTableSize }),
    timeouts: async () => known(kernel.timeouts()),
    settings: async () => readSettings(),
    syncDaemons: async () => known(kernel.daemons()),
    apply: async (ops) => ops.map((op) => orders.apply(op)),
    counters: async () =>
      readTable(kernel).map(({ key, service, destinations }) => countersOf(key, service, destinations)),
    exits: async () => ({}),
    connections: async (limit) => readConnections({ services: readTable(kernel).map(({ state }) => state) }, limit),
    async close(leave) {
      if (closed) return
      closed = true
      if (leave === 'nothing') orders.undo(log)
      kernel.close()
    },
  })
}

function openKernel(options: IpvsOptions): Result<Kernel, Unsupported> {
  const open = options.openGenericClient ?? openGenericClient
  let client = open(IPVS_FAMILY, IPVS_VERSION)
  if (!client.ok && client.error.code === 'ENOENT') {
    const loaded = (options.loadModule ?? loadModule)(MODULE)
    if (!loaded.ok)
      return fail({
        reason: 'no-ip-vs',
        message: `the kernel has no IPVS: ${loaded.error.message}; install its module ${MODULE}, or use --backend ebpf`,
      })
    client = open(IPVS_FAMILY, IPVS_VERSION)
  }
  return client.ok ? ok(kernelOver(client.value)) : fail(unsupported(client.error))
}

function unsupported({ code, message }: KernelError): Unsupported {
  return code === 'EPERM'
    ? { reason: 'no-privileges', message: "the kernel's IPVS needs CAP_NET_ADMIN; run as root" }
    : { reason: code === 'ENOENT' ? 'no-ip-vs' : 'system', message }
}

function capabilities(): BackendCapabilities {
  // A scheduler may be left out of a kernel: Debian's 6.1 has no twos.
  const modules = kernelModules()
  return {
    methods: ['nat', 'dr', 'tun'],
    schedulers: schedulers.filter((name) => modules?.has(`${MODULE}_${name}`) ?? true),
    families: fileExists(IPV6_ADDRESSES) ? [4, 6] : [4],
    protocols: ['tcp', 'udp', 'sctp'],
    tunnels: ['ipip', 'gue', 'gre'],
    firewallMarks: true,
  }
}

/**
 * The table was there when it was opened. That it cannot be read is nothing a caller can deal with: the module was taken
 * away, and a new process has to find out.
 */
function known<T>(result: Result<T, KernelError>): T {
  if (!result.ok) throw new Error(result.error.message)
  return result.value
}

const versionText = (version: number): string => `${(version >> 16) & 0xff}.${(version >> 8) & 0xff}.${version & 0xff}`
