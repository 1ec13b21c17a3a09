/** ha_suspend: who holds the virtual address asks the servers, as the kernel tells of addresses, whoever puts them there. */
import { expect } from 'vitest'
import { VIRTUAL_ADDRESS, webService } from './configurations.ts'
import { lab } from './lab-test.ts'
import { directRouting } from './scenes.ts'

lab('servers are checked exactly while the virtual address is on this host', async (lab) => {
  const { directors, servers } = directRouting(lab, { directors: 1, servers: 1 })
  const director = directors[0]!
  const web = await servers[0]!.nginx({ listen: ['80'], body: 'web1' })
  const daemon = await director.holdfastd(
    webService({ method: 'DR', realServers: ['192.0.2.21 80'], more: ['ha_suspend'] }),
  )
  const suspended = (yes: boolean) =>
    daemon.shows(
      yes ? 'checks are suspended' : 'checks go on',
      ({ virtualServers: [one] }) => one !== undefined && (one.suspended === true) === yes,
    )
  const first = (await suspended(true)).virtualServers[0]?.realServers[0]
  expect(first?.checkers[0]).not.toHaveProperty('lastProbe')

  director.ip('addr', 'add', `${VIRTUAL_ADDRESS}/24`, 'dev', 'eth0')
  await suspended(false)
  await daemon.shows('it was asked', ({ virtualServers: [one] }) => one?.realServers[0]?.state === 'up')

  director.ip('addr', 'del', `${VIRTUAL_ADDRESS}/24`, 'dev', 'eth0')
  const asked = (await suspended(true)).virtualServers[0]?.realServers[0]?.checkers[0]?.lastProbe
  await web.stop('SIGKILL')
  director.ip('addr', 'add', '192.0.2.99/24', 'dev', 'eth0')
  const still = (await suspended(true)).virtualServers[0]?.realServers[0]
  expect([still?.state, still?.checkers[0]?.lastProbe]).toEqual(['up', asked])

  director.ip('addr', 'add', `${VIRTUAL_ADDRESS}/24`, 'dev', 'eth0')
  await daemon.shows('it is found down', ({ virtualServers: [one] }) => one?.realServers[0]?.state === 'down')
})
