/** Letters to a real SMTP server. */
import { createServer, type Socket } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { afterEach, expect, test, vi } from 'vitest'
import { seconds } from '../../../src/base/index.ts'
import { sendMail } from '../../../src/sys/mail/index.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

type Taken = { readonly greeting: string; readonly from: string; readonly to: readonly string[]; readonly text: string }

/** A relay on a free port, and what it has taken. */
async function relay(more: SMTPServerOptions = {}): Promise<{ readonly port: number; readonly taken: Taken[] }> {
  const taken: Taken[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    onData(stream, session, callback) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        taken.push({
          greeting: String(session.hostNameAppearsAs),
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          text: Buffer.concat(chunks).toString(),
        })
        callback()
      })
    },
    ...more,
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => new Promise<void>((resolve) => server.close(resolve)))
  const address = server.server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, taken }
}

const at = Date.UTC(2026, 10, 21, 18, 30, 53)
const letter = {
  from: 'ka@example.com',
  to: ['admin@example.com', 'Ops Team <ops@example.com>'],
  subject: '[LVS_1] VRRP Instance VI_1 - Entering MASTER state',
  body: '=> VRRP Instance is now owning VRRP VIPs <=\n\n',
  at,
}
const to = (port: number, wait = 5) => ({
  host: '127.0.0.1',
  port,
  heloName: 'director.example.com',
  connectTimeout: seconds(wait),
})

test('a letter has the head and body that readers of keepalived’s mail expect', async () => {
  const { port, taken } = await relay()
  expect(await sendMail(to(port), letter)).toEqual({ ok: true, value: { refused: [], later: [] } })
  const [got] = taken
  expect(got).toMatchObject({
    greeting: 'director.example.com',
    from: 'ka@example.com',
    to: ['admin@example.com', 'ops@example.com'],
  })
  const [head = '', body] = (got?.text ?? '').split(/\r\n\r\n(.*)/s)
  expect(head.split('\r\n')).toEqual(
    expect.arrayContaining([
      'From: ka@example.com',
      'To: admin@example.com, Ops Team <ops@example.com>',
      'Subject: [LVS_1] VRRP Instance VI_1 - Entering MASTER state',
      'Date: Sat, 21 Nov 2026 18:30:53 +0000',
      'X-Mailer: Holdfast',
    ]),
  )
  expect(body?.trimEnd()).toBe('=> VRRP Instance is now owning VRRP VIPs <=')
})

test('long lines are broken, so that the text is sent as it is and not encoded', async () => {
  const { port, taken } = await relay()
  const path = `/usr/local/lib/${'x'.repeat(100)}`
  const body = `=> MISC CHECK failed on service <=\n\nMISC_CHECK ${path} -e 1: the script has ended, and its exit code was 1\n\n`
  await sendMail(to(port), { ...letter, body })
  const [head = '', text = ''] = (taken[0]?.text ?? '').split(/\r\n\r\n(.*)/s)
  expect(head).toContain('Content-Transfer-Encoding: 7bit')
  const lines = text.trimEnd().split('\r\n')
  expect(lines.slice(0, 3)).toEqual(['=> MISC CHECK failed on service <=', '', 'MISC_CHECK'])
  const letters = (text = '') => text.replaceAll(' ', '')
  expect(letters(lines.slice(2).join(''))).toBe(letters(body.split('\n')[2]))
  expect(Math.max(...lines.map(({ length }) => length))).toBe(76)
})

test('a name that would end a line ends none', async () => {
  const { port, taken } = await relay()
  await sendMail(to(port), { ...letter, subject: 'a\r\nBcc: thief@example.com\r\n\r\nb', to: ['admin@example.com'] })
  expect(taken[0]?.to).toEqual(['admin@example.com'])
  expect(taken[0]?.text).not.toMatch(/^Bcc:/m)
})

test('a server that offers TLS is spoken to without', async () => {
  const { port, taken } = await relay({ disabledCommands: [] })
  expect((await sendMail(to(port), letter)).ok).toBe(true)
  expect(taken).toHaveLength(1)
})

test('a receiver that the server does not know is named; all of them unknown is final', async () => {
  const refuse = Object.assign(new Error('no such user'), { responseCode: 550 })
  const { port, taken } = await relay({
    onRcptTo: ({ address }, _session, callback) => callback(address === 'ops@example.com' ? refuse : null),
  })
  expect(await sendMail(to(port), letter)).toEqual({ ok: true, value: { refused: ['ops@example.com'], later: [] } })
  expect(taken).toHaveLength(1)
  expect(await sendMail(to(port), { ...letter, to: ['ops@example.com'] })).toMatchObject({
    ok: false,
    error: { final: true },
  })
})

test('nobody there, a server that is busy, and one that says nothing are for later', async () => {
  const { port } = await relay()
  const closed = createServer()
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
  const address = closed.address()
  const free = typeof address === 'object' && address !== null ? address.port : 0
  await new Promise((resolve) => closed.close(resolve))
  expect(await sendMail(to(free), letter)).toMatchObject({ ok: false, error: { final: false } })

  const busy = Object.assign(new Error('try later'), { responseCode: 451 })
  const later = await relay({ onMailFrom: (_address, _session, callback) => callback(busy) })
  expect(await sendMail(to(later.port), letter)).toMatchObject({ ok: false, error: { final: false } })
  expect((await sendMail(to(port), letter)).ok).toBe(true)

  const sockets: Socket[] = []
  const silent = createServer((socket) => void sockets.push(socket))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => silent.close(resolve))
  })
  const where = silent.address()
  const mute = typeof where === 'object' && where !== null ? where.port : 0
  expect(await sendMail(to(mute, 1), letter)).toMatchObject({ ok: false, error: { final: false } })
})

/** A server of one's own on a free port; its connections are cut at the end. */
async function serving(onConnection: (socket: Socket) => void, allowHalfOpen = false): Promise<number> {
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen }, (socket) => {
    open.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => open.delete(socket))
    onConnection(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    for (const socket of open) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  const where = server.address()
  return typeof where === 'object' && where !== null ? where.port : 0
}

test('a server that drips its answer holds nobody up for longer than a letter may take', async () => {
  const port = await serving((socket) => {
    socket.write('220 hello\r\n')
    socket.once('data', () => {
      socket.write('250-')
      const drip = setInterval(() => socket.write('x'), 20)
      socket.on('close', () => clearInterval(drip))
    })
  })
  // No pause between two bytes ends it, however slow the machine.
  expect(await sendMail(to(port, 3_600), letter, () => {}, seconds(1))).toEqual({
    ok: false,
    error: { final: false, away: true, message: 'the mail server has not taken the letter in 1 s' },
  })
})

test('an answer without end is not read to its end', async () => {
  for (const flood of ['x'.repeat(65_536), `220-${'y'.repeat(500)}\r\n`]) {
    let written = 0
    const port = await serving((socket) => {
      const pour = () => {
        while (!socket.destroyed && socket.write(flood)) written += flood.length
      }
      socket.on('drain', pour)
      pour()
    })
    expect(await sendMail(to(port, 60), letter)).toMatchObject({
      ok: false,
      error: { final: false, away: true, message: 'Server response exceeds maximum allowed size' },
    })
    expect(written).toBeLessThan(100_000_000)
  }
})

test('a server that closes, before the letter or behind it, has not taken it', async () => {
  for (const until of ['EHLO', 'MAIL', 'DATA', '.']) {
    const port = await serving((socket) => {
      socket.write('220 hello\r\n')
      socket.on('data', (bytes) => {
        if (
          bytes
            .toString()
            .split('\r\n')
            .some((line) => line.startsWith(until))
        )
          return socket.end()
        socket.write(bytes.toString().startsWith('DATA') ? '354 go\r\n' : '250 yes\r\n')
      })
    })
    expect(await sendMail(to(port), letter), until).toMatchObject({ ok: false, error: { final: false, away: true } })
  }
})

test('a server that takes no mail now is away; one that takes not this letter is not', async () => {
  const tells = (greeting: string, mail: string) =>
    serving((socket) => {
      socket.write(`${greeting}\r\n`)
      socket.on(
        'data',
        (bytes) => void socket.write(bytes.toString().startsWith('MAIL') ? `${mail}\r\n` : '250 yes\r\n'),
      )
    })
  const outcome = async (greeting: string, mail: string) => sendMail(to(await tells(greeting, mail)), letter)
  const away = { ok: false, error: { final: false, away: true } }
  expect(await outcome('554 not you', '')).toMatchObject(away)
  expect(await outcome('421 too many connections', '')).toMatchObject(away)
  expect(await outcome('220 hello', '421 we close')).toMatchObject(away)
  expect(await outcome('220 hello', '451 later')).toMatchObject({ ok: false, error: { final: false, away: false } })
  expect(await outcome('220 hello', '550 never')).toMatchObject({ ok: false, error: { final: true, away: false } })
})

test('a receiver without a domain is told to the server as it is written', async () => {
  const heard: string[] = []
  let isData = false
  const port = await serving((socket) => {
    socket.write('220 hello\r\n')
    socket.on('data', (bytes) => {
      const lines = bytes.toString().split('\r\n').slice(0, -1)
      heard.push(...lines)
      if (isData && !lines.includes('.')) return
      isData = lines[0] === 'DATA'
      socket.write(isData ? '354 go\r\n' : '250 yes\r\n')
    })
  })
  const receivers = ['root', 'Ops Team <ops@example.com>', 'The Boss <boss>']
  expect((await sendMail(to(port), { ...letter, to: receivers })).ok).toBe(true)
  const rest = (start: string) => heard.filter((line) => line.startsWith(start)).map((line) => line.slice(start.length))
  expect(rest('RCPT TO:')).toEqual(['<root>', '<ops@example.com>', '<boss>'])
  expect(rest('To: ')).toEqual(['<root>, Ops Team <ops@example.com>, The Boss <boss>'])
})

test('receivers that the server does not take yet are named, and the letter can be sent to them alone', async () => {
  const later = Object.assign(new Error('greylisted'), { responseCode: 451 })
  let isGrey = true
  const { port, taken } = await relay({
    onRcptTo: ({ address }, _session, callback) => callback(isGrey && address === 'ops@example.com' ? later : null),
  })
  expect(await sendMail(to(port), letter)).toEqual({ ok: true, value: { refused: [], later: ['ops@example.com'] } })
  isGrey = false
  await sendMail(to(port), { ...letter, receivers: ['ops@example.com'] })
  expect(taken.map(({ to }) => to)).toEqual([['admin@example.com'], ['ops@example.com']])
  expect(taken[1]?.text).toMatch(/^To: admin@example.com, Ops Team <ops@example.com>/m)
})

test('a name that is not resolved is for later', async () => {
  expect(await sendMail({ ...to(25), host: 'relay.invalid' }, letter)).toMatchObject({
    ok: false,
    error: { final: false, away: true },
  })
})

/** A server that takes letters, or refuses their receivers, and at QUIT does what it is told to. */
async function takingLetters(onQuit: (socket: Socket) => void, atReceivers = '250 yes'): Promise<number> {
  return serving((socket) => {
    let isData = false
    socket.write('220 hello\r\n')
    socket.on('data', (bytes) => {
      const text = bytes.toString()
      if (isData && !text.endsWith('\r\n.\r\n')) return
      if (!isData && text.startsWith('QUIT')) return onQuit(socket)
      isData = !isData && text.startsWith('DATA')
      socket.write(`${isData ? '354 go' : text.startsWith('RCPT') ? atReceivers : '250 yes'}\r\n`)
    })
  }, true)
}

test('each letter ends with QUIT, refused or taken, and how the server goes then is nobody’s matter', async () => {
  const ways: readonly ((socket: Socket) => void)[] = [
    (socket) => socket.end('221 bye\r\n'),
    (socket) => socket.end('421 closing\r\n'),
    (socket) => socket.end(),
    (socket) => socket.resetAndDestroy(),
  ]
  for (const [answer, outcome] of [
    ['550 nobody here', { ok: false, error: { final: true } }],
    ['250 yes', { ok: true }],
  ] as const)
    for (const way of ways) {
      let onClosed = () => {}
      const closed = new Promise<void>((resolve) => {
        onClosed = resolve
      })
      let quits = 0
      const port = await takingLetters((socket) => {
        quits++
        way(socket)
      }, answer)
      expect(await sendMail(to(port), letter, onClosed)).toMatchObject(outcome)
      await closed
      expect(quits).toBe(1)
    }
})

test('a letter is sent when it is taken, and done with when the server has answered QUIT', async () => {
  const leaving: Socket[] = []
  const port = await takingLetters((socket) => void leaving.push(socket))
  let isClosed = false
  let onClosed = () => {}
  const closed = new Promise<void>((resolve) => {
    onClosed = () => {
      isClosed = true
      resolve()
    }
  })
  expect((await sendMail(to(port), letter, onClosed)).ok).toBe(true)
  await vi.waitUntil(() => leaving.length > 0, { timeout: 60_000 })
  expect(isClosed).toBe(false)
  leaving[0]?.end('221 bye\r\n')
  await closed
})

test('a server that never answers QUIT is left after five seconds', async () => {
  const port = await takingLetters(() => {})
  await new Promise<void>((resolve) => void sendMail(to(port), letter, resolve))
})
