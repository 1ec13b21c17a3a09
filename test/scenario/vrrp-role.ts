/** The vrrp role's own process on a host of the lab, with the test in the supervisor's part. */
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { address, micros, seconds } from '../../src/base/index.ts'
import type { VirtualAddress, VirtualRouter } from '../../src/model/index.ts'
import type { VirtualRouterSnapshot } from '../../src/observe/index.ts'
import type { FromVrrp, ToVrrp, VrrpSlice } from '../../src/roles/ipc/index.ts'
import { type Host, until } from '../lab/library/index.ts'
import { repositoryRoot } from '../lab/library/root.ts'

export const virtualAddress = (text: string): VirtualAddress => {
  const [of = '', prefix] = text.split('/')
  const parsed = address(of)
  return { address: parsed, prefixLength: Number(prefix ?? (of.includes(':') ? 128 : 32)), interface: 'eth0', scope: 0 }
}

/** v3 over IPv4 at 0.1 s with 192.0.2.100/24 and a short second burst. */
export function router(more: Partial<VirtualRouter> & { readonly priority: number }): VirtualRouter {
  return {
    name: 'VI_1',
    family: 4,
    version: 3,
    interface: 'eth0',
    virtualRouterId: 51,
    initialState: 'backup',
    advertisementInterval: seconds(0.1),
    addresses: [virtualAddress('192.0.2.100/24')],
    excludedAddresses: [],
    preempt: true,
    preemptDelay: micros(0),
    multicastGroup: address('224.0.0.18'),
    unicastPeers: [],
    unicastTtl: 255,
    checkUnicastSource: false,
    downTimerAdverts: 3,
    announcements: {
      masterDelay: seconds(1),
      masterRepeat: 2,
      masterRefresh: micros(0),
      masterRefreshRepeat: 1,
      lowerPrioDelay: micros(0),
      lowerPrioRepeat: 1,
      garpInterval: micros(0),
      gnaInterval: micros(0),
    },
    lowerPrioNoAdvert: false,
    higherPrioSendAdvert: false,
    ownerIgnoreAdverts: false,
    skipCheckAdvAddr: false,
    v3ChecksumAsV2: false,
    dontTrackPrimary: false,
    tracks: [],
    notify: {},
    ...more,
  }
}

const roles = new Set<ChildProcess>()

/** Ends every role process that this module has started. */
export function killRoles(): void {
  for (const child of roles) child.kill('SIGKILL')
  roles.clear()
}

type StateMessage = Extract<FromVrrp, { type: 'virtual-router-state' }>

/** Milliseconds that a process of Node may take to start on a machine with much else to do. */
const START = 60_000

export class Role {
  readonly messages: FromVrrp[] = []
  exit: { readonly code: number | null; readonly signal: string | null } | undefined
  readonly #child: ChildProcess
  readonly #host: Host
  #revision = 0

  constructor(host: Host) {
    this.#host = host
    this.#child = fork(join(repositoryRoot, 'dist/cli/role-main.js'), ['vrrp', `--namespace=${host.namespace}`], {
      serialization: 'advanced',
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      detached: true,
    })
    roles.add(this.#child)
    // In pieces, as `parentChannel` sends them.
    this.#child.on('message', (some) => this.messages.push(...(some as FromVrrp[])))
    this.#child.on('exit', (code, signal) => {
      this.exit = { code, signal }
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  send(message: ToVrrp): void {
    this.#child.send(message)
  }

  /** Offers and commits; done when the role says so. */
  async configure(routers: readonly VirtualRouter[], more: Partial<VrrpSlice> = {}): Promise<void> {
    const revision = ++this.#revision
    const base = {
      routers,
      syncGroups: [],
      bfdSessions: [],
      keepAddressesAtStop: false,
      holdOnAtStop: micros(0),
      logDetail: true,
    }
    const slice = { ...base, runDirectory: this.#host.directory, ...more }
    await this.says('the role has started', (message) => message.type === 'started', START)
    this.send({ type: 'offer', revision, slice })
    await this.says('the offer is accepted', (message) => message.type === 'ready' && message.revision === revision)
    this.send({ type: 'commit', revision })
    await this.says('it is applied', (message) => message.type === 'applied' && message.revision === revision)
  }

  says(claim: string, fits: (message: FromVrrp) => boolean, within?: number): Promise<FromVrrp> {
    return until(`${this.#host.name}: ${claim}`, () => this.messages.find(fits), {
      every: 5,
      ...(within === undefined ? {} : { within }),
      detail: () => this.messages.map((message) => JSON.stringify(message)).join('\n'),
    })
  }

  states(name = 'VI_1'): string[] {
    return this.messages
      .filter((message): message is StateMessage => message.type === 'virtual-router-state' && message.name === name)
      .map(({ state, resumed }) => (resumed ? `${state} resumed` : state))
  }

  /** Waits until the last state told is this one; what a master has heard meanwhile is none. */
  async enters(state: string, name = 'VI_1'): Promise<void> {
    const last = () => this.states(name).findLast((one) => one !== 'MASTER_RX_LOWER_PRI')
    await until(`${this.#host.name} enters ${state}`, () => last() === state, {
      every: 5,
      detail: () => this.messages.map((message) => JSON.stringify(message)).join('\n'),
    })
  }

  async snapshot(): Promise<readonly VirtualRouterSnapshot[]> {
    const id = Math.floor(Math.random() * 1e9)
    this.send({ type: 'snapshot-requested', id })
    const answer = await this.says('a snapshot', (message) => message.type === 'snapshot' && message.id === id)
    if (answer.type !== 'snapshot') throw new Error('not a snapshot')
    return answer.snapshot.virtualRouters
  }

  async stop(): Promise<void> {
    this.send({ type: 'stop', leave: false })
    await this.ended()
  }

  async ended(): Promise<void> {
    await until(`${this.#host.name}: the role ends`, () => this.exit !== undefined, { every: 5 })
  }

  kill(signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal)
  }

  /** What it sees when its supervisor dies. */
  orphan(): void {
    this.#child.disconnect()
  }
}
