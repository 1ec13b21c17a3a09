import { expect, test } from 'vitest'
import { forwardingSlice } from '../../../src/roles/supervisor/slices.ts'
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
