/** Runs sequences side by side through both directors and says which differ. */

import { setTimeout as sleep } from 'node:timers/promises'
import {
  addToTally,
  interruption,
  isRefusal,
  newTally,
  type Tally,
  unequalAnswers,
  unequalConnections,
  unequalCounters,
} from './compare.ts'
import { unequalFragments } from './compare-fragments.ts'
import { describeFrame } from './describe.ts'
import { type Counted, clock, type Director, type Held } from './director.ts'
import { hurries, LONG_REST, LONGEST_COURSE, Pace, SETTLING, SHORT_REST } from './pace.ts'
import { type Framed, render, type Whereabouts, whereabouts } from './render.ts'
import type { Exchange, Replayer } from './replayer.ts'
import type { Climate, Sequence } from './sequence.ts'
import { VIRTUALS, virtualAddress } from './world.ts'

/** The kernel's estimator sums its counters every two seconds. */
const COUNTERS_MS = 2_300
/**
 * Both look once a second whether TCP is to go by the other table of states now (DEFENSE_TIMER_PERIOD), later on a busy machine,
 * and nothing tells when they have.
 */
const DEFENCES_MS = 2_500
/** How often they are looked at while they differ. */
const LOOKS = 8
/** So many groups, or fewer, get their orders one by one, so that none comes while something ends; with more it takes too long. */
const FEW = 20
const isUnequal = (found: readonly string[]): boolean => found.length > 0

export type Difference = {
  readonly sequence: Sequence
  /** What differs first, of packets, counters and connections. */
  readonly kind: 'packet' | 'counters' | 'connections'
  /** The whole history, ending in the difference. */
  readonly story: string
}

type Course = {
  readonly sequence: Sequence
  readonly servers: (Whereabouts | undefined)[]
  readonly story: string[]
  /** Flows that the directors' own stacks have spoken in. */
  readonly interrupted: Set<string>
  readonly tally: Tally
  differs: Difference['kind'] | undefined
}

export type Directors = { readonly kernel: Director; readonly embedded: Director; readonly replayer: Replayer }

export type Outcome = {
  readonly differences: readonly Difference[]
  /** These differ too, but were not played in time, so that it says nothing. */
  readonly late: readonly Sequence[]
}

export async function runBatch(
  { kernel, embedded, replayer }: Directors,
  climate: Climate,
  sequences: readonly Sequence[],
  together: number,
): Promise<Outcome> {
  const both = [kernel, embedded]
  for (const director of both) await director.weather(climate)
  await sleep(DEFENCES_MS)
  const courses = sequences.map(
    (sequence): Course => ({
      sequence,
      servers: [],
      story: [],
      interrupted: new Set(),
      tally: newTally(),
      differs: undefined,
    }),
  )
  // While the ones wait, the others are played.
  const hurried = courses.filter(({ sequence }) => hurries(sequence, climate))
  const others = courses.filter((course) => !hurried.includes(course))
  const paced = inGroups(hurried, together, climate)
  const segments = Math.max(...sequences.map((one) => one.segments.length))
  const order = async (members: readonly Course[], at: number) => {
    const ops = members.flatMap(({ sequence, story }) => {
      const orders = sequence.segments[at]?.ops ?? []
      story.push(...orders.map((op) => `order ${JSON.stringify(op)}`))
      return orders
    })
    if (ops.length > 0) for (const director of both) await director.apply(ops)
  }
  const playSegment = async (members: readonly Course[], at: number) => {
    const rounds = Math.max(...members.map(({ sequence }) => sequence.segments[at]?.steps.length ?? 0))
    for (let round = 0; round < rounds; round++) await playRound(members, at, round, replayer, climate)
  }
  let began = clock()
  for (let at = 0; at < segments; at++) {
    await paced[0]?.pace.pause()
    await order(paced.length > FEW ? courses : others, at)
    if (at === 0) began = clock()
    await playSegment(others, at)
    for (const { members, pace } of paced) {
      await pace.pause()
      if (paced.length <= FEW) await order(members, at)
      pace.segmentBegins()
      await playSegment(members, at)
      pace.segmentEnds()
    }
  }
  for (const { pace } of paced) await pace.pause(SETTLING)
  const none = new Map<string, Counted>()
  const compareCounters = async (held: HeldShares): Promise<ReadonlyMap<Course, readonly string[]>> => {
    await sleep(COUNTERS_MS)
    const kernels = bySequence(await kernel.counters(), sequences)
    const cores = bySequence(await embedded.counters(), sequences)
    return new Map(
      courses.map((course) => {
        const { slot } = course.sequence
        const [mine, theirs] = [kernels.get(slot) ?? none, cores.get(slot) ?? none]
        return [course, unequalCounters(mine, theirs, held.get(slot) ?? [], course.tally)]
      }),
    )
  }
  const mine = heldBySequence(await kernel.connections(), sequences)
  const theirs = heldBySequence(await embedded.connections(), sequences)
  const slow = clock() - began > LONGEST_COURSE ? others : []
  for (const course of courses) {
    const { slot } = course.sequence
    const unequal = unequalConnections(
      mine.get(slot) ?? [],
      theirs.get(slot) ?? [],
      course.interrupted,
      orphansOf(course.sequence, climate),
    )
    settle(course, 'connections', unequal)
  }
  let unequal = await compareCounters(mine)
  // What changes by itself, as connections end, may be seen on one side before it is on the other.
  for (let i = 1; i < LOOKS && [...unequal.values()].some(isUnequal); i++) {
    const again = await compareCounters(mine)
    unequal = new Map(
      [...unequal].map(([course, found]) => [course, isUnequal(found) ? (again.get(course) ?? []) : []]),
    )
  }
  for (const [course, found] of unequal) settle(course, 'counters', found)
  for (const director of both) await director.clear()
  const late = [...slow, ...paced.filter(({ pace }) => !pace.kept).flatMap(({ members }) => members)].filter(
    ({ differs }) => differs !== undefined,
  )
  const differences = courses.flatMap((course): readonly Difference[] => {
    const { sequence, story, differs } = course
    return differs === undefined || late.includes(course) ? [] : [{ sequence, kind: differs, story: story.join('\n') }]
  })
  return { differences, late: late.map(({ sequence }) => sequence) }
}

type Group = { readonly members: readonly Course[]; readonly pace: Pace }

const inGroups = (courses: readonly Course[], size: number, { passing }: Climate): readonly Group[] =>
  Array.from({ length: Math.ceil(courses.length / size) }, (_, i) => ({
    members: courses.slice(i * size, (i + 1) * size),
    pace: new Pace(passing ? LONG_REST : SHORT_REST),
  }))

async function playRound(
  courses: readonly Course[],
  segment: number,
  round: number,
  replayer: Replayer,
  climate: Climate,
): Promise<void> {
  const played: { course: Course; frames: readonly Framed[] }[] = []
  for (const course of courses) {
    const { sequence, servers } = course
    const step = sequence.segments[segment]?.steps[round]
    const flow = step === undefined ? undefined : sequence.flows[step.flow]
    if (step !== undefined && flow !== undefined)
      played.push({ course, frames: render(step, flow, servers[step.flow]) })
  }
  const exchanges = await replayer.exchange(played.flatMap(({ frames }) => frames))
  let at = 0
  for (const { course, frames } of played) {
    const step = course.sequence.segments[segment]?.steps[round]
    const flow = step === undefined ? undefined : course.sequence.flows[step.flow]
    if (step === undefined || flow === undefined) continue
    const answers = exchanges.slice(at, at + frames.length)
    at += frames.length
    const exchange: Exchange = {
      kernel: answers.flatMap(({ kernel }) => kernel),
      embedded: answers.flatMap(({ embedded }) => embedded),
    }
    const [frame] = frames
    course.story.push(...frames.map((one) => `${step.type} ${step.direction} ${describeFrame(one)}`))
    if (step.type === 'packet' && step.direction === 'in')
      course.servers[step.flow] = whereabouts(flow, exchange.kernel) ?? course.servers[step.flow]
    if (exchange.kernel.some(isRefusal)) course.interrupted.add(interruption(flow))
    if (frame === undefined) continue
    addToTally(course.tally, frame, exchange)
    const unequal = frames.length > 1 ? unequalFragments(exchange) : unequalAnswers(frame, exchange, climate)
    if (unequal === undefined) course.story.push(...exchange.kernel.map((one) => `  both:     ${describeFrame(one)}`))
    else settle(course, 'packet', [unequal])
  }
}

function settle(course: Course, kind: Difference['kind'], unequal: readonly string[]): void {
  if (unequal.length === 0) return
  course.differs ??= kind
  course.story.push(`DIFFERENT ${kind} (kernel / embedded)`, ...unequal)
}

/**
 * Connections of removed services over IPv6: what servers that do not answer through NAT send through the director goes on being
 * heard of by IPVS only. Over IPv4 it is not let through. And, with expire_nodest_conn, templates of removed destinations: IPVS goes
 * over its table once, and leaves those that it meets before their connections.
 */
function orphansOf({ family, segments }: Sequence, { settings }: Climate): (name: string) => boolean {
  const ops = segments.flatMap((segment) => segment.ops)
  const removed = ops
    .flatMap((op) => (op.type === 'remove-service' && family === 6 ? [op.serviceKey] : []))
    .map((key) => [key.slice(0, key.indexOf('/')), key.slice(key.indexOf('['), key.indexOf(']') + 1)] as const)
  const emptied = settings.expire_nodest_conn === 1 && ops.some(({ type }) => type.startsWith('remove-'))
  const keys = ops.flatMap((op) => (op.type === 'remove-destination' ? [op.destinationKey] : []))
  const services = ops.flatMap((op) => (op.type === 'remove-service' ? [op.serviceKey.replace(/^\w+\//, '')] : []))
  return (name) =>
    removed.some(([protocol, address]) => name.startsWith(`connection ${protocol}`) && name.includes(` ${address}:`)) ||
    (emptied &&
      name.startsWith('template') &&
      (keys.some((key) => name.endsWith(` > ${key}`)) || services.some((key) => name.includes(` ${key} > `))))
}

type Shares = ReadonlyMap<number, ReadonlyMap<string, Counted>>
type HeldShares = ReadonlyMap<number, readonly Held[]>

/** Which slot a virtual address belongs to. */
function slotsOf(sequences: readonly Sequence[]): ReadonlyMap<string, number> {
  const slots = new Map<string, number>()
  for (const { slot } of sequences)
    for (const family of [4, 6] as const)
      for (let i = 0; i < VIRTUALS; i++) slots.set(virtualAddress(family, slot, i), slot)
  return slots
}

function bySequence(counters: ReadonlyMap<string, Counted>, sequences: readonly Sequence[]): Shares {
  const slots = slotsOf(sequences)
  const shares = new Map<number, Map<string, Counted>>()
  for (const [name, counted] of counters) {
    const virtual = /^\w+\/(?:\[(.*?)\]|([\d.]+)):/.exec(name)
    const slot = slots.get(virtual?.[1] ?? virtual?.[2] ?? '')
    if (slot === undefined) throw new Error(`a service that no sequence has: ${name}`)
    shares.set(slot, (shares.get(slot) ?? new Map()).set(name, counted))
  }
  return shares
}

/** Those of earlier sequences live on and are left out. */
function heldBySequence(held: readonly Held[], sequences: readonly Sequence[]): HeldShares {
  const slots = slotsOf(sequences)
  const shares = new Map<number, Held[]>()
  for (const one of held) {
    const slot = slots.get(one.virtual)
    if (slot !== undefined) shares.set(slot, [...(shares.get(slot) ?? []), one])
  }
  return shares
}
