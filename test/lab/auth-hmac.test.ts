/** Signed advertisements between real daemons, and beside a router that has no key. */
import { expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS, VIRTUAL_ADDRESS_6 } from './configurations.ts'
import { lab } from './lab-test.ts'
import { routers } from './scenes.ts'

const more = ['auth_hmac {', `  key 1 hex:${'5a'.repeat(32)}`, '  active_key 1', '}']
const setting = { version: 3, advertInt: 0.2 } as const

for (const [family, address, addresses] of [
  ['IPv4', VIRTUAL_ADDRESS, [`${VIRTUAL_ADDRESS}/24`]],
  ['IPv6', VIRTUAL_ADDRESS_6, ['fe80::100', `${VIRTUAL_ADDRESS_6}/64`]],
] as const)
  lab(
    `signed over ${family}: a backup takes over from a master that stops, and yields when it returns`,
    async (lab) => {
      const { strong, weak } = routers(lab)
      const first = await strong.holdfastd(instance({ ...setting, addresses, priority: 200, more }))
      await strong.holds(address)
      const second = await weak.holdfastd(instance({ ...setting, addresses, priority: 100, more }))
      await first.stop()
      await weak.holds(address)
      await first.restart()
      await strong.holds(address)
      await weak.releases(address)
      const { virtualRouters } = await second.status()
      expect(virtualRouters[0]?.drops).toEqual({})
    },
  )

lab('a stronger keepalived without the key neither takes the master’s place nor goes unnoticed', async (lab) => {
  const { strong, weak } = routers(lab)
  const signed = await strong.holdfastd(instance({ ...setting, priority: 100, more }))
  await strong.holds(VIRTUAL_ADDRESS)
  await weak.keepalived(instance({ ...setting, priority: 250 }))
  const { virtualRouters } = await signed.shows('it refuses what is not signed', ({ virtualRouters: [one] }) => {
    // Not more: each advertisement that keepalived refuses puts off its own next one.
    return (one?.drops['hmac-missing'] ?? 0) >= 1
  })
  expect(virtualRouters[0]).toMatchObject({ state: 'master', advertisementsReceived: 0 })
  expect(strong.has(VIRTUAL_ADDRESS)).toBe(true)
})
