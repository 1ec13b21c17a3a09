import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { hfsys } from '../../../src/native/index.ts'
import { openDatagramSender, openServiceManager, unixAddress } from '../../../src/sys/notify/index.ts'

const directory = mkdtempSync(join(tmpdir(), 'holdfast-notify-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** A bound socket; Node has no unix datagram socket of its own. */
function receiver(address: string) {
  const system = hfsys()
  const fd = system.socket(1, 2 | 0o4000, 0)
  expect(system.bind(fd, unixAddress(address))).toBe(0)
  return {
    received() {
      const bytes = new Uint8Array(4096)
      const length = system.recvmsg(fd, bytes, undefined, undefined, 0, new Int32Array(3))
      system.close(fd)
      return new TextDecoder().decode(bytes.subarray(0, Math.max(0, length)))
    },
  }
}

for (const [kind, path] of [
  ['a path', join(directory, 'notify')],
  ['an abstract name', `@holdfast-notify-${process.pid}`],
] as const)
  test(`the service manager at ${kind} hears what it is told`, () => {
    const manager = receiver(path)
    process.env['NOTIFY_SOCKET'] = path
    const notify = openServiceManager()
    expect(process.env['NOTIFY_SOCKET']).toBeUndefined()
    notify('READY=1\nSTATUS=fine')
    expect(manager.received()).toBe('READY=1\nSTATUS=fine')
  })

test('without a service manager, or with one of another kind, nothing happens', () => {
  openServiceManager()('READY=1')
  process.env['NOTIFY_SOCKET'] = 'vsock:2:1234'
  openServiceManager()('READY=1')
})

test('a receiver that is not there costs the message only', () => {
  const sender = openDatagramSender(join(directory, 'nobody'))
  expect(sender?.send('lost')).toBe(false)
  sender?.close()
  expect(sender?.send('closed')).toBe(false)
})

test('addresses are as unix(7) has them', () => {
  expect([...unixAddress('/a')].slice(2)).toEqual([0x2f, 0x61, 0])
  expect([...unixAddress('@a')].slice(2)).toEqual([0, 0x61])
})
