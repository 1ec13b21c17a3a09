/** Where the program hangs, as interfaces come, go and change masters; with tcx and with clsact. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ForwardingBackend } from '../../src/forwarding/index.ts'
import { hfbpf } from '../../src/native/index.ts'
import { type AttachmentKind, hasTcx } from '../../src/sys/bpf/index.ts'
import { until } from '../lab/library/index.ts'
import { openRouter, type Router } from './router.ts'

let router: Router
let backend: ForwardingBackend | undefined
beforeAll(() => {
  router = openRouter()
})
afterEach(async () => {
  await backend?.close('nothing')
  backend = undefined
})
afterAll(() => router?.close())

const indexOf = (name: string): number =>
  (JSON.parse(router.ip('-j', 'link', 'show', 'dev', name)) as { ifindex: number }[])[0]!.ifindex
const programsAt = (kind: AttachmentKind, name: string): number => {
  if (kind === 'clsact') return hfbpf().tcQuery(indexOf(name), 0x4846, 1) > 0 ? 1 : 0
  const ids = hfbpf().tcxQuery(indexOf(name))
  return typeof ids === 'number' ? 0 : ids.length
}

const without = hasTcx(1) ? undefined : 'this kernel has no tcx (6.6)'

describe.each([
  ['tcx', without],
  ['clsact', undefined],
] as const)('%s', (attachment, missing) => {
  beforeEach(({ skip }) => {
    if (missing !== undefined) skip(missing)
  })
  const at = (name: string) => programsAt(attachment, name)

  test('on every Ethernet interface but lo, also on one that comes later', async () => {
    backend = await router.open({ attachment })
    expect([at('eth0'), at('far0'), at('lo')]).toEqual([1, 1, 0])
    router.ip('link', 'add', 'late0', 'type', 'bridge')
    await until('late0 has the program', () => at('late0') === 1)
    router.ip('link', 'del', 'late0')
  })

  test('a port of a bridge is left to the bridge', async () => {
    backend = await router.open({ attachment })
    router.ip('link', 'add', 'br0', 'type', 'bridge')
    router.ip('link', 'set', 'far0', 'master', 'br0')
    await until('br0 has the program and far0 has not', () => at('br0') === 1 && at('far0') === 0)
    router.ip('link', 'set', 'far0', 'nomaster')
    await until('far0 has it again', () => at('far0') === 1)
    router.ip('link', 'del', 'br0')
  })

  test('only on those that were named', async () => {
    backend = await router.open({ attachment, interfaces: ['eth0'] })
    expect([at('eth0'), at('far0')]).toEqual([1, 0])
  })

  test('opened again: the new program takes the place of the old one, once', async () => {
    backend = await router.open({ attachment })
    await backend.close('services-in-place')
    expect([at('eth0'), at('far0')]).toEqual([1, 1])
    backend = await router.open({ attachment })
    expect([at('eth0'), at('far0')]).toEqual([1, 1])
  })

  test('closed with nothing left: no program, no pins', async () => {
    backend = await router.open({ attachment })
    await backend.close('nothing')
    backend = undefined
    expect([at('eth0'), at('far0')]).toEqual([0, 0])
  })
})

test('pins of another layout are replaced', async () => {
  backend = await router.open()
  await backend.close('services-in-place')
  const bpf = hfbpf()
  const settings = bpf.get(`${router.pinDirectory}/settings`)
  bpf.mapUpdate(settings, new Uint8Array(4), new Uint8Array([99, 0, 0, 0, 0, 0, 0, 0]), 0)
  bpf.close(settings)
  backend = await router.open()
  expect(await backend.read()).toEqual({ services: [] })
  expect(programsAt(without === undefined ? 'tcx' : 'clsact', 'eth0')).toBe(1)
})

test('a directory that is not on a bpffs is refused with the remedy', async () => {
  await expect(router.open({ pinDirectory: '/tmp/holdfast-h2-nowhere' })).rejects.toThrow(
    'choose a directory below /sys/fs/bpf',
  )
})
