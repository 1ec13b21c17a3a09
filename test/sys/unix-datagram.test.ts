import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { hfsys } from '../../src/native/index.ts'
import { sendUnixDatagram } from '../../src/sys/socket/index.ts'
import { encodeUnixSocketAddress } from '../../src/sys/socket/socket-address.ts'

const directory = mkdtempSync(join(tmpdir(), 'hfsys-'))
afterAll(() => rmSync(directory, { recursive: true }))

const AF_UNIX = 1
const SOCK_DGRAM = 2
const MSG_DONTWAIT = 0x40
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

for (const path of [join(directory, 'notify'), `@hfsys-${process.pid}`])
  test(`a datagram reaches ${path.startsWith('@') ? 'an abstract name' : 'a file'}, whole`, () => {
    const { socket, bind, recvmsg, close } = hfsys()
    const fd = socket(AF_UNIX, SOCK_DGRAM, 0)
    expect(bind(fd, encodeUnixSocketAddress(path) as Uint8Array)).toBe(0)
    expect(sendUnixDatagram(path, new TextEncoder().encode('READY=1\nSTATUS=ok'))).toEqual({ ok: true })
    const buffer = new Uint8Array(100)
    const size = recvmsg(fd, buffer, undefined, undefined, MSG_DONTWAIT, new Int32Array(3))
    expect(text(buffer.subarray(0, size))).toBe('READY=1\nSTATUS=ok')
    close(fd)
  })

test('nobody there, and a name that is too long, are values', () => {
  const nobody = sendUnixDatagram(join(directory, 'nobody'), new Uint8Array(1))
  expect(nobody).toMatchObject({ ok: false, error: { code: 'ENOENT' } })
  const long = sendUnixDatagram(`/${'x'.repeat(107)}`, new Uint8Array(1))
  expect(long).toMatchObject({ ok: false, error: { code: 'ENAMETOOLONG' } })
  expect(sendUnixDatagram('', new Uint8Array(1)).ok).toBe(false)
})
