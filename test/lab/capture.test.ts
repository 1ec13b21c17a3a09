/** `holdfast capture` beside directors and a stranger: what it tells of each, and what tcpdump reads of its file. */
import { resolve } from 'node:path'
import { expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS, VIRTUAL_ADDRESS_6 } from './configurations.ts'
import { lab } from './lab-test.ts'
import { routers } from './scenes.ts'

const HOLDFAST = resolve(import.meta.dirname, '../../bin/holdfast')
const v4 = instance({ version: 3, advertInt: 0.2, priority: 200 })
const v6 = instance({
  version: 3,
  advertInt: 0.2,
  priority: 200,
  virtualRouterId: 52,
  addresses: ['fe80::100', `${VIRTUAL_ADDRESS_6}/64`],
})

lab('a line for each advertisement and announcement, with the reason why ours would pass it over', async (lab) => {
  const { strong, weak, onlooker } = routers(lab)
  const config = ['--config', weak.file('own.conf', v4.replace('200', '100') + v6.replace('200', '100'))]
  const file = `${weak.directory}/frames.pcap`
  const capture = weak.spawn('capture', [HOLDFAST, 'capture', '-i', 'eth0', '-w', file, ...config])
  await capture.line(/listening on eth0/)
  const stranger = await onlooker.sender()
  const daemon = await strong.holdfastd(v4 + v6)
  await capture.line(
    /in +vrrp 192\.0\.2\.11 > 224\.0\.0\.18: VRRPv3 virtual_router_id 51, priority 200, every 0\.2 s, 192\.0\.2\.100$/,
  )
  await capture.line(
    /in +vrrp fe80::.* > ff02::12: VRRPv3 virtual_router_id 52, priority 200, every 0\.2 s, fe80::100 2001:db8::100$/,
  )
  await capture.line(new RegExp(`in  arp ${VIRTUAL_ADDRESS} is at ${strong.mac()}, announced by request$`))
  await capture.line(new RegExp(`in  ndisc ${VIRTUAL_ADDRESS_6} is at ${strong.mac()}, announced$`))

  stranger.advertise({ virtualRouterId: 51, priority: 50, addresses: [VIRTUAL_ADDRESS], password: 'secret' })
  await capture.line(
    /192\.0\.2\.1 > .*VRRPv2 virtual_router_id 51, priority 50, every 1 s, authentication PASS, 192\.0\.2\.100 \[dropped: version\]$/,
  )
  stranger.advertise({ virtualRouterId: 77, priority: 50, addresses: [VIRTUAL_ADDRESS] })
  await capture.line(/virtual_router_id 77, .* \[dropped: no virtual router of ours has the id 77 here\]$/)
  stranger.advertise({ virtualRouterId: 51, priority: 50, addresses: [VIRTUAL_ADDRESS] }, { ttl: 64 })
  await capture.line(/virtual_router_id 51, priority 50, .* \[dropped: ttl\]$/)
  stranger.send(new Uint8Array(4))
  await capture.line(/vrrp 192\.0\.2\.1 > 224\.0\.0\.18: 4 bytes \[dropped: length\]$/)
  await daemon.stop()
  await capture.line(/virtual_router_id 51, priority 0 \(resigns\)/)

  expect(await capture.stop('SIGINT')).toBe(0)
  expect(capture.output).not.toContain('secret')
  const { stdout, status } = await weak.exec('tcpdump', '-nr', file, 'ip proto 112')
  expect(status).toBe(0)
  expect(stdout).toMatch(/VRRPv3, Advertisement, vrid 51, prio 200/)
  expect(stdout).toMatch(/VRRPv2, Advertisement, vrid 77, prio 50/)
})

lab('a file that is no configuration, an interface that is not there, and an end after so many', async (lab) => {
  const { strong, weak } = routers(lab)
  const refused = (...words: readonly string[]) => weak.exec(HOLDFAST, 'capture', ...words)
  expect(await refused('-i', 'eth7')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('eth7: no such interface'),
  })
  expect(await refused('--config', '/nowhere')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('/nowhere'),
  })
  await strong.holdfastd(v4)
  const three = await weak.exec(HOLDFAST, 'capture', '-i', 'eth0', '-c', '3')
  expect(three.status).toBe(0)
  expect(three.stdout.trim().split('\n')).toHaveLength(3)
})
