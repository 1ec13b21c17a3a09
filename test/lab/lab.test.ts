import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { instance, VIRTUAL_ADDRESS } from './configurations.ts'
import { lab } from './lab-test.ts'
import { openLab, summary, until } from './library/index.ts'
import { commandLine, must, processesIn, run } from './library/process.ts'

lab('hosts on one segment reach each other, and a cut cable parts them', async (lab) => {
  const lan = lab.segment()
  const left = lab.host('left', { eth0: { segment: lan, addresses: ['192.0.2.1/24', '2001:db8::1/64'] } })
  lab.host('right', { eth0: { segment: lan, addresses: ['192.0.2.2/24', '2001:db8::2/64'] } })
  expect((await left.exec('ping', '-c1', '-W2', '192.0.2.2')).status).toBe(0)
  expect((await left.exec('ping', '-c1', '-W2', '2001:db8::2')).status).toBe(0)
  left.cut()
  expect((await left.exec('ping', '-c1', '-W1', '192.0.2.2')).status).not.toBe(0)
  left.mend()
  expect((await left.exec('ping', '-c1', '-W2', '192.0.2.2')).status).toBe(0)
})

test('a command that has no exit status is told by name, with what it had printed', async () => {
  const slow = await run(['sh', '-c', 'echo begun; echo trouble >&2; exec sleep 1000'], process.env, 5_000)
  expect(slow.status).toBe(124)
  expect(slow.stderr).toContain(
    'trouble\nsh -c echo begun; echo trouble >&2; exec sleep 1000: did not end within 5000 ms; it had',
  )
  const missing = await run(['/nonexistent/program', 'word'])
  expect(missing).toMatchObject({ status: 124, stderr: expect.stringContaining('/nonexistent/program word: spawn') })
  expect(await run(['sh', '-c', 'echo out; exit 3'])).toEqual({ status: 3, stdout: 'out\n', stderr: '' })
})

lab('a witness sees the advertisement that a stranger sends, to the byte', async (lab) => {
  const lan = lab.segment()
  const [left, right] = [1, 2].map((n) =>
    lab.host(`host${n}`, { eth0: { segment: lan, addresses: [`192.0.2.${n}/24`] } }),
  )
  const wire = await right!.capture('ip proto 112')
  const sender = await left!.sender()
  sender.advertise({ virtualRouterId: 51, priority: 255, addresses: ['192.0.2.100'], password: 'secret' })
  const frame = await wire.next(({ kind }) => kind === 'vrrp')
  expect(frame).toMatchObject({
    kind: 'vrrp',
    sourceMac: left!.mac(),
    source: '192.0.2.1',
    destination: '224.0.0.18',
    ttl: 255,
    version: 2,
    virtualRouterId: 51,
    priority: 255,
    interval: 1000,
    addresses: ['192.0.2.100'],
  })
})

lab('the load reaches a web server from each source in turn', async (lab) => {
  const lan = lab.segment()
  const sources = ['192.0.2.10', '192.0.2.11']
  const client = lab.host('client', { eth0: { segment: lan, addresses: sources.map((source) => `${source}/24`) } })
  const server = lab.host('server', { eth0: { segment: lan, addresses: ['192.0.2.1/24'] } })
  await server.nginx({ listen: ['192.0.2.1:80'], body: 'server one' })
  const load = await client.load('http://192.0.2.1/', { sources, every: 5 })
  const first = await load.answer(0)
  await load.answer(first.at + 100)
  const { byServer, failed } = summary(load.requests)
  expect({ servers: [...byServer.keys()], failed }).toEqual({ servers: ['server one'], failed: 0 })
  expect(new Set(load.requests.map(({ from }) => from))).toEqual(new Set(sources))
})

lab('two keepalived routers settle on one master, and a lab sees it', async (lab) => {
  const lan = lab.segment()
  const routers = [1, 2].map((n) => lab.host(`router${n}`, { eth0: { segment: lan, addresses: [`192.0.2.${n}/24`] } }))
  await Promise.all(routers.map((host, i) => host.keepalived(instance({ priority: 200 - 100 * i }))))
  await routers[0]!.holds(VIRTUAL_ADDRESS)
  expect(routers[1]!.has(VIRTUAL_ADDRESS)).toBe(false)
})

lab('what keepalived has to say against a packet is a complaint, and a quiet one has none', async (lab) => {
  const lan = lab.segment()
  const [left, right] = [1, 2].map((n) =>
    lab.host(`host${n}`, { eth0: { segment: lan, addresses: [`192.0.2.${n}/24`] } }),
  )
  const keepalived = await right!.keepalived(instance({ priority: 100, password: 'right' }))
  await right!.holds(VIRTUAL_ADDRESS)
  expect(keepalived.complaints()).toEqual([])
  const sender = await left!.sender()
  // More than one, for a busy bridge may lose the first.
  const wrong = { virtualRouterId: 51, priority: 200, addresses: [VIRTUAL_ADDRESS], password: 'wrong' }
  const sending = setInterval(() => sender.advertise(wrong), 200)
  await until('a complaint', () => keepalived.complaints().length > 0).finally(() => clearInterval(sending))
})

test('what a test that was killed has left is gone with the next lab', async () => {
  // A maker whose pid is nobody's any more: the names are all that is left of it.
  const maker = spawn('true')
  await once(maker, 'exit')
  const left = mkdtempSync(join(tmpdir(), `holdfast-lab-${maker.pid}-`))
  const [namespace, pair] = [`hf-${maker.pid}-1-lan`, `hfk${maker.pid}a`]
  const pins = `/sys/fs/bpf/holdfast/${left.replaceAll('/', '-').slice(1)}-director-holdfast`
  mkdirSync(pins, { recursive: true })
  must(['ip', 'netns', 'add', namespace])
  must(['ip', 'link', 'add', pair, 'type', 'veth', 'peer', 'name', `hfk${maker.pid}b`])
  const inside = spawn('nsenter', [`--net=/run/netns/${namespace}`, 'sleep', '300'])
  const outside = spawn('tail', ['-f', '/dev/null', '-s', '300', `${left}/log`])
  const ends = Promise.all([once(inside, 'exit'), once(outside, 'exit')])
  await until(
    'both run',
    () => processesIn(namespace).includes(inside.pid ?? 0) && commandLine(outside.pid ?? 0) !== '',
  )
  openLab().close()
  expect((await ends).map(([, signal]) => signal)).toEqual(['SIGKILL', 'SIGKILL'])
  for (const path of [left, pins, `/run/netns/${namespace}`, `/sys/class/net/${pair}`])
    expect(existsSync(path), path).toBe(false)
})

test('a closed lab leaves no namespace, no process and no file', async () => {
  const lab = openLab()
  const host = lab.host('only', { eth0: { segment: lab.segment(), addresses: ['192.0.2.1/24'] } })
  const sleeper = host.spawn('sleeper', ['sleep', '300'])
  lab.close()
  await sleeper.end()
  expect(existsSync(lab.directory)).toBe(false)
  expect(readdirSync('/run/netns').filter((name) => name.startsWith(`hf-${process.pid}-`))).toEqual([])
})
