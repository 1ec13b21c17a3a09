/** The addon itself: its watches in each of the ways they can end, in worker threads, on every kind of descriptor. */

import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { hfsys, loadAddon, probeHfsys } from '../../src/native/index.ts'

const run = promisify(execFile)
const ADDON = fileURLToPath(new URL('../../build/native/hfsys.node', import.meta.url))

/** What a program prints that ends by itself with code 0; `h` is the addon. */
async function program(body: string, ...flags: readonly string[]): Promise<string> {
  const text = `const h = require(${JSON.stringify(ADDON)}); const { Worker } = require('worker_threads'); ${body}`
  const { stdout } = await run(process.execPath, [...flags, '-e', text], { timeout: 30_000 })
  return stdout.trim()
}

const TIMER = 'const fd = h.timerfdCreate(); h.timerfdSet(fd, 0);'

describe('a watch', () => {
  test('closed inside its own callback lets the process end', async () => {
    expect(
      await program(
        `${TIMER} const w = h.watch(fd, 1, () => { h.unwatch(w); h.unwatch(w); h.close(fd); console.log('once') })`,
      ),
    ).toBe('once')
  })

  test('is called again until the cause is cleared', async () => {
    expect(
      await program(
        `${TIMER} let n = 0; const w = h.watch(fd, 1, () => { if (++n < 3) return; h.read(fd, new Uint8Array(8)); console.log(n); h.unwatch(w) })`,
      ),
    ).toBe('3')
  })

  test('whose handle was collected goes on', async () => {
    expect(
      await program(
        `const fd = h.timerfdCreate(); let n = 0
         h.watch(fd, 1, () => { console.log('fired'); process.exit(0) })
         setImmediate(() => { gc(); gc(); setImmediate(() => { gc(); h.timerfdSet(fd, 0) }) })`,
        '--expose-gc',
      ),
    ).toBe('fired')
  })

  test('that is open at process.exit does not crash it', async () => {
    expect(
      await program(
        `${TIMER} for (let i = 0; i < 50; i++) { const f = h.timerfdCreate(); h.watch(f, 1, () => {}) } console.log('end'); process.exit(0)`,
      ),
    ).toBe('end')
  })

  test('runs promises between two callbacks, as every callback of Node', async () => {
    expect(
      await program(
        `${TIMER} const said = []; let n = 0
         const w = h.watch(fd, 1, () => { said.push('call'); Promise.resolve().then(() => said.push('then')); if (++n === 2) { h.unwatch(w); setImmediate(() => console.log(said.join())) } })`,
      ),
    ).toBe('call,then,call,then')
  })

  test('whose callback throws ends the process with that exception', async () => {
    const failed = await program(`${TIMER} h.watch(fd, 1, () => { throw new Error('a bug') })`).catch((error) => error)
    expect(failed.code).toBe(1)
    expect(failed.stderr).toContain('a bug')
  })

  test('on a descriptor that cannot be polled is an outcome', () => {
    expect(hfsys().watch(9999, 1, () => {})).toBe(-9)
  })

  test('keeps the process as long as it is told to', async () => {
    expect(
      await program(
        `const fd = h.timerfdCreate(); h.timerfdSet(fd, h.clock() + 50_000)
         const w = h.watch(fd, 1, () => { console.log('fired'); h.read(fd, new Uint8Array(8)); h.keepAlive(w, 0) })
         h.keepAlive(w, 0); h.keepAlive(w, 1)`,
      ),
    ).toBe('fired')
  })
})

describe('epoll', () => {
  test('tells the ids of what is ready, as many as there is room for', () => {
    const { epollCreate, epollControl, epollWait, timerfdCreate, timerfdSet, close } = hfsys()
    const epoll = epollCreate()
    const timers = [timerfdCreate(), timerfdCreate(), timerfdCreate()]
    for (const [i, fd] of timers.entries()) {
      expect(epollControl(epoll, 1, fd, 1, 7 + i)).toBe(0)
      if (i !== 1) timerfdSet(fd, 0)
    }
    const into = new Int32Array(8)
    expect(epollWait(epoll, into)).toBe(2)
    expect([...into]).toEqual([7, 1, 9, 1, 0, 0, 0, 0])
    expect(epollWait(epoll, new Int32Array(3))).toBe(1)
    expect(epollControl(epoll, 1, 9999, 1, 1)).toBe(-9)
    for (const fd of [...timers, epoll]) close(fd)
    expect(epollWait(epoll, into)).toBe(-9)
  })
})

describe('in worker threads', () => {
  const WORKER = `const h = require(${JSON.stringify(ADDON)}); const { parentPort } = require('worker_threads');`
  const worker = (body: string): string => `new Worker(${JSON.stringify(WORKER + body)}, { eval: true })`

  test('a watch works, and a worker that ends with open watches does not crash the process', async () => {
    const body = `${TIMER} h.watch(fd, 1, () => { parentPort.postMessage('fired'); process.exit() });
      for (let i = 0; i < 20; i++) h.watch(h.timerfdCreate(), 1, () => {})`
    expect(
      await program(
        `let left = 8; for (let i = 0; i < 8; i++) ${worker(body)}.on('exit', () => { if (--left === 0) console.log('all') })`,
      ),
    ).toBe('all')
  })

  test('a worker that is terminated amid its callbacks does not crash the process', async () => {
    const body = `${TIMER} let n = 0; h.watch(fd, 1, () => { if (n++ === 0) parentPort.postMessage(0) })`
    expect(
      await program(
        `let left = 4; for (let i = 0; i < 4; i++) { const w = ${worker(body)}; w.on('message', () => w.terminate()); w.on('exit', () => { if (--left === 0) console.log('all') }) }`,
      ),
    ).toBe('all')
  })

  test('a worker that loads the addon and does nothing ends', async () => {
    expect(await program(`${worker('')}.on('exit', (code) => console.log(code))`)).toBe('0')
  })
})

describe('arguments and outcomes', () => {
  test('what the world refuses is a negative number, named by the kernel', () => {
    const { close, read, errorName, errorText } = hfsys()
    expect(close(9999)).toBe(-9)
    expect(read(9999, new Uint8Array(1))).toBe(-9)
    expect([errorName(9), errorText(9)]).toEqual(['EBADF', 'Bad file descriptor'])
    expect(errorName(100_000)).toBeUndefined()
  })

  test('nothing to read is a value', () => {
    const { timerfdCreate, read, close, errorName } = hfsys()
    const fd = timerfdCreate()
    expect(errorName(-read(fd, new Uint8Array(8)))).toBe('EAGAIN')
    close(fd)
  })

  test('arguments of the wrong type throw and name which', () => {
    const h = createRequire(import.meta.url)(ADDON)
    expect(() => h.close('3')).toThrow('argument 1 is of the wrong type')
    expect(() => h.close()).toThrow(TypeError)
    expect(() => h.read(0, [1, 2])).toThrow('argument 2')
    expect(() => h.ifIndex('x'.repeat(5000))).toThrow(TypeError)
    expect(() => h.ifIndex('lo\0x')).toThrow(TypeError)
    expect(() => h.watch(0, 1)).toThrow('argument 3')
    expect(() => h.unwatch({})).toThrow(TypeError)
    expect(() => h.capget(new Uint32Array(5))).toThrow(TypeError)
    expect(() => h.recvmsg(0, new Uint8Array(1), undefined, undefined, 0, new Int32Array(2))).toThrow(TypeError)
  })

  test('views into a larger buffer are read and written at their own place', () => {
    const { timerfdCreate, timerfdSet, read, close } = hfsys()
    const fd = timerfdCreate()
    timerfdSet(fd, 0)
    const buffer = new Uint8Array(24).fill(0xff)
    expect(read(fd, buffer.subarray(8, 16))).toBe(8)
    expect([buffer[7], buffer[16]]).toEqual([0xff, 0xff])
    expect(buffer.subarray(8, 16).some((byte) => byte !== 0xff)).toBe(true)
    close(fd)
  })

  test('every name of an interface has an index and back', () => {
    const { ifIndex, ifName } = hfsys()
    expect(ifName(ifIndex('lo'))).toBe('lo')
    expect(ifIndex('no-such-if')).toBe(-19)
    expect(ifName(123_456)).toBeUndefined()
  })

  test('a process is signalled through its descriptor', async () => {
    expect(
      await program(
        `const c = require('child_process').spawn('sleep', ['60']); const fd = h.pidfdOpen(c.pid)
         const w = h.watch(fd, 1, () => { h.unwatch(w); h.close(fd) })
         c.on('exit', (code, signal) => console.log(signal)); if (h.pidfdSendSignal(fd, 15) !== 0) throw 0`,
      ),
    ).toBe('SIGTERM')
  })
})

test('a missing addon is one sentence with the remedy', () => {
  expect(probeHfsys()).toEqual({ ok: true })
  expect(loadAddon('no-such')).toEqual({ ok: false, error: 'build/native/no-such.node is missing: run `make build`' })
})

describe('a signal that is relayed', () => {
  test('reaches the other process while our event loop is busy, and then our own handler', async () => {
    expect(
      await program(
        `const { readFileSync } = require('fs')
         const c = require('child_process').spawn(process.execPath, ['-e',
           'process.on("SIGUSR2", () => process.exit(7)); console.log(1); setInterval(() => {}, 1e6)'], { stdio: ['ignore', 'pipe', 'ignore'] })
         let handled = 'later'
         process.on('SIGTERM', () => { handled = 'handled' })
         c.on('exit', (code) => console.log(code, handled))
         c.stdout.once('data', () => {
           if (h.relaySignal(15) !== 0 || h.relaySignal(15) !== 0) throw 0
           h.relayTo(h.pidfdOpen(c.pid), 12)
           process.kill(process.pid, 15)
           const until = Date.now() + 20_000
           while (!/^State:.Z/m.test(readFileSync('/proc/' + c.pid + '/status', 'utf8'))) if (Date.now() > until) throw 'not relayed'
           if (handled !== 'later') throw 'not busy'
         })`,
      ),
    ).toBe('7 handled')
  })

  test('goes to our own handler alone when nobody else is there to hear of it', async () => {
    expect(
      await program(
        `process.on('SIGTERM', () => { console.log('handled'); process.exit(0) }); h.relaySignal(15); h.relayTo(-1, 12)
         setInterval(() => {}, 1e6); process.kill(process.pid, 15)`,
      ),
    ).toBe('handled')
  })

  test('has a handler already', async () => {
    expect(await program(`console.log(h.relaySignal(12))`)).toBe('-22')
  })
})

describe('signals without a name in Node', () => {
  const kill = (number: number) => `require('child_process').execFileSync('kill', ['-${number}', String(process.pid)]);`

  test('caught, they come through the pipe in order, each with its number', async () => {
    const body = `const fd = h.signalPipe(); h.catchSignal(36); h.catchSignal(63); const seen = []; const bytes = new Uint8Array(8);
      const w = h.watch(fd, 1, () => { seen.push(...bytes.subarray(0, h.read(fd, bytes))); if (seen.length < 2) return; console.log(String(seen)); h.unwatch(w) });
      ${kill(63)} setTimeout(() => { ${kill(36)} }, 10)`
    expect(await program(body)).toBe('63,36')
  })

  test('ignored, they end nobody; unhandled, they do', async () => {
    expect(await program(`h.ignoreSignal(64); ${kill(64)} console.log('alive')`)).toBe('alive')
    expect(await program(`${kill(64)} console.log('alive')`)).toBe('')
  })

  test('there is one pipe a process, and nothing is caught without it', async () => {
    expect(await program(`console.log(h.catchSignal(36), h.signalPipe() > 0, h.signalPipe())`)).toBe('-9 true -16')
  })
})
