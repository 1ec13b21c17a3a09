// Runs in a client's namespace: clients that behave in ways a server must bear. Prints one line of JSON.
//   same-port ADDRESS PORT SOURCE-PORT COUNT finish|reset|half-close   connections one after the other from one port
//   many ADDRESS PORT WORKERS COUNT                                    connections for one request each, side by side
//   udp ADDRESS PORT SIZE...                                           questions of so many bytes: lengths of the answers
//   udp-without-checksum ADDRESS PORT SOURCE-ADDRESS SOURCE-PORT       one question, its answer
//   syn-flood ADDRESS PORT COUNT                                       from addresses in 198.18.0.0/15
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'

const [mode, address, port, ...rest] = process.argv.slice(2)
const host = { host: address, port: Number(port) }
const print = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)

/** Bytes of the answer, or the reason for none. */
function fetch(how, options = {}) {
  return new Promise((resolve) => {
    const socket = connect({ ...host, ...options, allowHalfOpen: how === 'half-close' })
    let length = 0
    let opened = false
    const done = (answer) => {
      socket.removeAllListeners('close')
      resolve(answer)
    }
    socket.setTimeout(5000, () => {
      done(opened ? 'silence' : 'no connection')
      socket.destroy()
    })
    socket.on('connect', () => {
      opened = true
      const path = how === 'half-close' ? '/bulk/1' : '/'
      socket.write(`GET ${path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n`)
      if (how === 'half-close') socket.end()
    })
    socket.on('data', (data) => {
      length += data.length
      if (how !== 'reset') return
      socket.once('close', () => resolve(length))
      socket.resetAndDestroy()
    })
    socket.on('end', () => {
      socket.once('close', () => resolve(length))
      socket.end()
    })
    socket.on('error', (error) => done(error.code))
  })
}

async function samePort([sourcePort, count, how]) {
  const answers = []
  for (let i = 0; i < Number(count); i++) answers.push(await fetch(how, { localPort: Number(sourcePort) }))
  print(answers)
}

async function many([workers, count]) {
  const answers = {}
  let left = Number(count)
  const work = async () => {
    while (left-- > 0) {
      const answer = await fetch('finish')
      const key = typeof answer === 'number' ? 'answered' : answer
      answers[key] = (answers[key] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: Number(workers) }, work))
  print(answers)
}

function ask(socket, message) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => finish('silence'), 1500)
    const finish = (answer) => {
      clearTimeout(timer)
      socket.removeAllListeners('message').removeAllListeners('error')
      resolve(answer)
    }
    socket.on('message', (answer) => finish(answer.length))
    socket.on('error', (error) => finish(error.code))
    message()
  })
}

async function udp(sizes) {
  const answers = []
  for (const size of sizes) {
    const socket = createSocket('udp4')
    await new Promise((resolve) => socket.connect(host.port, host.host, resolve))
    answers.push(await ask(socket, () => socket.send(Buffer.alloc(Number(size), 'x'))))
    socket.close()
  }
  print(answers)
}

async function udpWithoutChecksum([source, sourcePort]) {
  const { default: raw } = await import('raw-socket')
  const socket = createSocket('udp4')
  await new Promise((resolve) => socket.bind(Number(sourcePort), source, resolve))
  const datagram = Buffer.alloc(8 + 5, 'hello')
  datagram.writeUInt16BE(Number(sourcePort), 0)
  datagram.writeUInt16BE(host.port, 2)
  datagram.writeUInt16BE(datagram.length, 4)
  datagram.writeUInt16BE(0, 6)
  const sender = raw.createSocket({ protocol: raw.Protocol.UDP })
  print(
    await ask(socket, () =>
      sender.send(datagram, 0, datagram.length, host.host, (error) => error && print(String(error))),
    ),
  )
  process.exit(0)
}

async function synFlood([count]) {
  const { default: raw } = await import('raw-socket')
  const sender = raw.createSocket({ protocol: raw.Protocol.TCP })
  sender.setOption(raw.SocketLevel.IPPROTO_IP, raw.SocketOption.IP_HDRINCL, 1)
  const target = host.host.split('.').map(Number)
  const frame = Buffer.alloc(40)
  frame[0] = 0x45
  frame.writeUInt16BE(40, 2)
  frame[8] = 64
  frame[9] = 6
  frame.set(target, 16)
  frame.writeUInt16BE(host.port, 22)
  frame[32] = 0x50
  frame[33] = 0x02
  frame.writeUInt16BE(1024, 34)
  const sum = () => {
    let total = 6 + 20
    for (let at = 12; at < 40; at += 2) total += at === 36 ? 0 : frame.readUInt16BE(at)
    while (total > 0xffff) total = (total & 0xffff) + (total >> 16)
    frame.writeUInt16BE(~total & 0xffff, 36)
  }
  let sent = 0
  const next = () => {
    if (sent === Number(count)) {
      print({ sent })
      process.exit(0)
    }
    frame.writeUInt32BE(0xc6120000 + (sent % 131072), 12)
    frame.writeUInt16BE(1024 + (sent >> 17), 20)
    sum()
    sent++
    sender.send(frame, 0, frame.length, host.host, next)
  }
  next()
}

const modes = { 'same-port': samePort, many, udp, 'udp-without-checksum': udpWithoutChecksum, 'syn-flood': synFlood }
await modes[mode](rest)
