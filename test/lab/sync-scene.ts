/** Two directors that tell each other of connections, a client, and servers of every method. */
import { instance, VIRTUAL_ADDRESS } from './configurations.ts'
import type { Host, Lab } from './library/index.ts'

const PORTS = { DR: 80, NAT: 81, FNAT: 82, TUN: 83 } as const
export type Method = keyof typeof PORTS

/** Those whose server is beside the client, and answers it past the director. */
const isNear = (method: Method) => method === 'DR' || method === 'TUN'

export const portsOf = (methods: readonly Method[], near: boolean): number[] =>
  methods.filter((method) => isNear(method) === near).map((method) => PORTS[method])
export const placesOf = (methods: readonly Method[]): string[] =>
  methods.map((method) => `${VIRTUAL_ADDRESS}:${PORTS[method]}`)

export type SyncScene = Readonly<Record<'client' | 'strong' | 'weak' | 'near' | 'far', Host>>

/** The near server has no end of tunnels yet; the far one is inside, and its gateway and FULLNAT's local addresses move with the master. */
export function syncScene(lab: Lab): SyncScene {
  const [outside, inside] = [lab.segment('outside'), lab.segment('inside')]
  const client = lab.host('client', { eth0: { segment: outside, addresses: ['192.0.2.201/24'] } })
  const director = (name: string, n: number) =>
    lab.host(name, {
      eth0: { segment: outside, addresses: [`192.0.2.${n}/24`] },
      eth1: { segment: inside, addresses: [`10.0.0.${n}/24`] },
    })
  const near = lab.host('near', { eth0: { segment: outside, addresses: ['192.0.2.21/24'] } })
  near.takeVirtualAddress(VIRTUAL_ADDRESS)
  const far = lab.host('far', { eth0: { segment: inside, addresses: ['10.0.0.21/24'] } })
  far.ip('route', 'add', 'default', 'via', '10.0.0.1')
  return { client, strong: director('strong', 11), weak: director('weak', 12), near, far }
}

export type Synchronised = {
  readonly priority: number
  readonly methods: readonly Method[]
  /** Seconds. */
  readonly advertInt?: number
  /** Further lines of global_defs, and of the vrrp_instance. */
  readonly global?: readonly string[]
  readonly router?: readonly string[]
  /** What stands after `lvs_sync_daemon eth0 VI_51`. */
  readonly options?: string
}

/** In the language that Holdfast and keepalived share, unless FNAT is among the methods. */
export const synchronised = ({
  priority,
  methods,
  advertInt = 0.2,
  global = [],
  router = [],
  options = '',
}: Synchronised): string =>
  [
    `global_defs {\n${[`lvs_sync_daemon eth0 VI_51 ${options}`, ...global].map((line) => `  ${line}\n`).join('')}}\n`,
    instance({
      priority,
      version: 3,
      advertInt,
      more: router,
      addresses: [`${VIRTUAL_ADDRESS}/24`, '10.0.0.1/24 dev eth1', '10.0.0.101/24 dev eth1'],
    }),
    methods.includes('FNAT') ? 'local_address_group laddr {\n  10.0.0.101\n}\n' : '',
    ...methods.map((method) => {
      const server = `${isNear(method) ? '192.0.2.21' : '10.0.0.21'} ${PORTS[method]}`
      const locals = method === 'FNAT' ? '  laddr_group_name laddr\n' : ''
      return `virtual_server ${VIRTUAL_ADDRESS} ${PORTS[method]} {
  warmup 0\n  lb_algo rr\n  lb_kind ${method}\n  protocol TCP\n${locals}  real_server ${server} {\n    weight 1\n  }\n}\n`
    }),
  ].join('')
