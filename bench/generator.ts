/** Frames as a network card has them, before there is an skb, sent from a veth (generate.bpf.c). Of the namespace this process is in. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { hfbpf } from '../src/native/index.ts'
import { type BpfMap, type BpfProgram, loadObject } from '../src/sys/bpf/index.ts'

/** BPF_F_TEST_XDP_LIVE_FRAMES of linux/bpf.h. */
const LIVE_FRAMES = 2
/** All frames are as long as the shortest that a wire carries. */
const LENGTH = 60

const tools = loadObject({ path: join(import.meta.dirname, '../generate.bpf.o'), reuse: new Map() })
if (!tools.ok) throw new Error(`${tools.error.message}\n${tools.error.log}`)
const part = <T>(of: ReadonlyMap<string, T>, name: string): T => {
  const found = of.get(name)
  if (found === undefined) throw new Error(`generate.bpf.o has no ${name}`)
  return found
}
const generate: BpfProgram = part(tools.value.programs, 'generate')
const plans: BpfMap = part(tools.value.maps, 'plans')

/** For the far end's driver: it wants nothing of what arrives. */
export const discard: BpfProgram = part(tools.value.programs, 'discard')

export function indexOf(device: string): number {
  const shown = execFileSync('ip', ['-j', 'link', 'show', 'dev', device], { encoding: 'utf8' })
  const [link] = JSON.parse(shown) as { ifindex: number }[]
  if (link === undefined) throw new Error(`no interface ${device}`)
  return link.ifindex
}

export type Sending = {
  readonly bytes: Uint8Array
  readonly count: number
  /** Source port of the first; 0: as in the frame, all alike. TCP only. */
  readonly port?: number
  /** Frames of a port: the frame, then with ACK in the place of its flags. */
  readonly each?: number
}

/** Sends them from an interface; nanoseconds a frame. */
export function send(interfaceIndex: number, { bytes, count, port = 0, each = 1 }: Sending): number {
  const plan = new Uint8Array(72)
  plan.set(bytes)
  const view = new DataView(plan.buffer)
  view.setUint16(64, port, true)
  view.setUint16(66, each, true)
  const planned = plans.update(new Uint8Array(4), plan)
  if (!planned.ok) throw new Error(planned.error.message)
  // struct xdp_md: data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex
  const context = new Uint8Array(Uint32Array.of(0, LENGTH, 0, interfaceIndex, 0, 0).buffer)
  const blank = new Uint8Array(LENGTH)
  const { error, nanoseconds } = hfbpf().testRun(generate.fd, blank, undefined, context, undefined, count, LIVE_FRAMES)
  if (error < 0) throw new Error(`BPF_PROG_TEST_RUN: ${error}`)
  return nanoseconds
}
