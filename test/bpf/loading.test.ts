/** Programs that are loaded while forwarding runs: nobody waits for them but what needs them. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { address } from '../../src/base/index.ts'
import type { ForwardingBackend, OpResult, TableOp } from '../../src/forwarding/index.ts'
import { serviceKey } from '../../src/model/index.ts'
import { openPinnedMap } from '../../src/sys/bpf/index.ts'
import { destination, keyOf, put, service } from './cluster.ts'
import { openRouter, type Router } from './router.ts'

const six = {
  ...service(80),
  address: { kind: 'address', protocol: 'tcp', address: address('2001:db8::80'), port: 80 },
} as const
const TABLES = ['connections', 'embryos', 'templates', 'services', 'nat_servers', 'reap_queue', 'arrivals', 'swept']
const sixKey = serviceKey(six.address)
const key = keyOf(80)
const server = (weight: number) => destination('198.51.100.7', 80, 'dr', { weight })
const serverOfSix = (weight: number) => destination('2001:db8::7', 80, 'dr', { weight })
const putSix = (weight: number): TableOp => ({
  type: 'put-destination',
  serviceKey: sixKey,
  destination: serverOfSix(weight),
})
const putFour = (weight: number): TableOp => ({ type: 'put-destination', serviceKey: key, destination: server(weight) })

describe('a running backend', () => {
  let router: Router
  let backend: ForwardingBackend
  beforeAll(() => {
    router = openRouter()
  })
  beforeEach(async () => {
    backend = await router.open()
    await backend.apply(put(service(80), []))
  })
  afterEach(async () => {
    await backend.close('nothing')
    router.clean()
  })
  afterAll(() => router?.close())

  const succeeded = (results: readonly OpResult[]) => results.every(({ ok }) => ok)
  const held = async (of: string) =>
    (await backend.read()).services.find((one) => serviceKey(one.service.address) === of)?.destinations

  test('the first service of IPv6 keeps no order of another service waiting, in the same list or later', async () => {
    const ended: string[] = []
    const note = (name: string) => (results: readonly OpResult[]) => {
      expect(succeeded(results)).toBe(true)
      ended.push(name)
    }
    const first = backend.apply([{ type: 'put-service', service: six }, putFour(1), putSix(1)]).then(note('six'))
    expect(backend.readies?.([putSix(2)])).toBeInstanceOf(Promise)
    expect(backend.readies?.([putFour(2)])).toBeUndefined()
    await Promise.all([2, 3, 4].map((weight) => backend.apply([putFour(weight)]).then(note(`four ${weight}`))))
    expect(await held(key)).toEqual([server(4)])
    await first
    expect(ended).toEqual(['four 2', 'four 3', 'four 4', 'six'])
    expect(await held(sixKey)).toEqual([serverOfSix(1)])
    expect(backend.readies?.([putSix(2)])).toBeUndefined()
  })

  test('orders about one service are carried out in their order, be they late or not', async () => {
    const results = await Promise.all([
      backend.apply([{ type: 'put-service', service: six }, putSix(1)]),
      backend.apply([putSix(2)]),
      backend.apply([{ type: 'remove-service', serviceKey: sixKey }]),
      backend.apply([{ type: 'put-service', service: { ...six, scheduler: 'wlc' } }, putSix(3)]),
    ])
    expect(results.every(succeeded)).toBe(true)
    const { services } = await backend.read()
    expect(services.find((one) => serviceKey(one.service.address) === sixKey)).toMatchObject({
      service: { scheduler: 'wlc' },
      destinations: [serverOfSix(3)],
    })
  })

  test('the first server of a service of IPv4 behind a tunnel over IPv6 waits with what comes after it', async () => {
    const tunnel = { ...serverOfSix(1), method: 'tun' } as const
    const late = backend.apply([{ type: 'put-destination', serviceKey: key, destination: tunnel }])
    const after = backend.apply([putFour(1)])
    const [other] = await Promise.all([backend.apply(put(service(81), [])), held(key)])
    expect(succeeded(other)).toBe(true)
    expect(await held(key)).toEqual([])
    expect(succeeded([...(await late), ...(await after)])).toBe(true)
    expect(await held(key)).toEqual([server(1), tunnel])
  })

  test('closed meanwhile, with services in place: what was ordered is there', async () => {
    const late = backend.apply([{ type: 'put-service', service: six }, putSix(1)])
    await backend.close('services-in-place')
    expect(succeeded(await late)).toBe(true)
    backend = await router.open()
    expect(await held(sixKey)).toEqual([serverOfSix(1)])
  })

  test('programs that cannot be loaded fail the service of IPv6 alone, and are loaded when they can be', async () => {
    const places = TABLES.map((name) => `${router.pinDirectory}/${name}6`)
    const other = openPinnedMap(`${router.pinDirectory}/settings`)
    if (!other.ok || other.value === undefined) throw new Error('there are no settings')
    // A map that the programs cannot do anything with, in the place of each of their tables.
    for (const place of places) expect(other.value.pin(place).ok).toBe(true)
    other.value.close()
    const results = await backend.apply([{ type: 'put-service', service: six }, putFour(1), putSix(1)])
    expect(results).toMatchObject([
      { ok: false, error: { reason: 'system', message: expect.stringContaining(`${sixKey}: `) } },
      { ok: true },
      { ok: false, error: { reason: 'not-found' } },
    ])
    expect(await held(key)).toEqual([server(1)])
    expect(backend.readies?.([{ type: 'put-service', service: six }])).toBeUndefined()
    for (const place of places) rmSync(place)
    expect(succeeded(await backend.apply([{ type: 'put-service', service: six }, putSix(1)]))).toBe(true)
  })
})

describe('while signals come all the time', () => {
  // The profiler interrupts with a signal each time; the verifier gives up with EAGAIN when one is pending.
  const profile = mkdtempSync(join(tmpdir(), 'holdfast-profile-'))
  afterAll(() => rmSync(profile, { recursive: true, force: true }))

  test.each(['at-once', 'later'])('a large program is loaded, %s', (way) => {
    const program = join(import.meta.dirname, 'loading-process.mjs')
    const words = ['--cpu-prof', `--cpu-prof-dir=${profile}`, '--cpu-prof-interval', '500', program]
    const said = execFileSync(process.execPath, [...words, 'director-odd.bpf.o', way], {
      encoding: 'utf8',
      timeout: 60_000,
    })
    expect(said.trim()).toBe('loaded')
  })
})
