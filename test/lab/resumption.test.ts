/** Another process goes on as master with advertisements that are counted and authenticated: to who backs it up it is the same. */
import { describe, expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS } from './configurations.ts'
import { lab } from './lab-test.ts'
import { nowMillis } from './library/index.ts'
import { routers } from './scenes.ts'

const withHeader = { version: 2, advertInt: 2, password: 'secret', authType: 'AH' } as const
const signed = {
  version: 3,
  advertInt: 2,
  more: ['auth_hmac {', `key 1 hex:${'5a'.repeat(32)}`, 'active_key 1', '}'],
} as const

// Side by side: they wait for advertisements.
describe.concurrent('in the place of a killed one', () => {
  for (const [name, setting, other] of [
    ['with an authentication header keepalived', withHeader, 'keepalived'],
    ['with an authentication header Holdfast', withHeader, 'holdfastd'],
    ['signed ones Holdfast', signed, 'holdfastd'],
  ] as const)
    lab(`${name} takes what a new vrrp role and a new supervisor send for their predecessors'`, async (lab) => {
      const { strong, weak, onlooker } = routers(lab)
      const daemon = await strong.holdfastd(instance({ ...setting, priority: 200 }))
      await strong.holds(VIRTUAL_ADDRESS)
      const backup = await weak[other](instance({ ...setting, priority: 100 }))
      const wire = await onlooker.capture('ip proto 51 or ip proto 112')
      /** Longer than the silence after which a backup takes over. */
      const several = async () => {
        for (let heard = 0, after = nowMillis(); heard < 5; heard++)
          after = (await wire.next((frame) => frame.kind === 'vrrp' && frame.priority === 200, after)).at + 500
      }
      await several()
      await daemon.killRole('vrrp')
      await daemon.shows('another role is master', ({ virtualRouters: [one] }) => one?.state === 'master')
      await several()
      await daemon.killSupervisor()
      await daemon.restart()
      await several()
      expect(wire.frames.filter((frame) => frame.kind === 'vrrp' && frame.priority !== 200)).toEqual([])
      expect(weak.has(VIRTUAL_ADDRESS)).toBe(false)
      if ('complaints' in backup) expect(backup.complaints()).toEqual([])
      else expect((await backup.status()).virtualRouters).toMatchObject([{ state: 'backup', drops: {} }])
    })
})
