import { expect, test } from 'vitest'
import { forwardingSlice, slicesOf } from '../../../src/roles/supervisor/slices.ts'
import { options as defaults } from './fake-world.ts'
import { configurationFor } from './models.ts'

const options = { backend: 'ebpf', pinDirectory: '/sys/fs/bpf/holdfast/test', runDirectory: '/run/x' } as const
const slice = (more: object) => {
  const configuration = configurationFor()
  return forwardingSlice({ ...configuration, global: { ...configuration.global, ...more } }, options)
}

test('forwarding is told what the file says of it as a whole, and nothing where it says nothing', () => {
  expect(slice({})).toEqual({ ...options, flush: false })
  const lvsTimeouts = { tcp: 60, tcpFin: 0, udp: 0 }
  const lvsSettings = { ipvs: { sloppy_tcp: 1 }, connectionTableSize: 2048, interfaces: ['eth0'], xdp: 'off' }
  expect(slice({ lvsFlush: true, lvsTimeouts, lvsSettings })).toEqual({
    ...options,
    flush: true,
    timeouts: lvsTimeouts,
    settings: lvsSettings,
  })
})

test('the vrrp role prefers real-time scheduling unless the file says how it is to be scheduled', () => {
  const configuration = configurationFor()
  const all = { ...options, vrrp: true, checkers: true, bfd: true, keepAddresses: false, keepForwarding: false }
  const prefers = (global: object) =>
    slicesOf({ ...configuration, global: { ...configuration.global, ...global } }, { ...defaults, ...all }).vrrp
      ?.preferRealTime === true
  expect(prefers({})).toBe(true)
  expect(prefers({ daemon: { vrrp: { name: 'ka' } } })).toBe(true)
  expect(prefers({ vrrpRtPriority: 50 })).toBe(false)
  expect(prefers({ daemon: { vrrp: { nice: 0 } } })).toBe(false)
  expect(prefers({ vrrpSettings: { autoPriority: { most: 10, lateness: 1000 } } })).toBe(false)
})
