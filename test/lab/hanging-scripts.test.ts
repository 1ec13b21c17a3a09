/** Scripts that never end. */
import { expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS } from './configurations.ts'
import { lab } from './lab-test.ts'
import { nowMillis } from './library/index.ts'
import { routers } from './scenes.ts'

const HANGS = '/bin/sleep 600'

lab('scripts that hang, at each change and as trackers, keep nobody from starting or from taking over', async (lab) => {
  const { strong, weak } = routers(lab)
  const globals = 'global_defs {\n  script_user root\n}\n'
  const script = `vrrp_script hangs {\n  script "${HANGS}"\n  interval 1\n  weight -5\n}\n`
  const more = [
    `notify "${HANGS}"`,
    `notify_master "${HANGS}"`,
    `notify_backup "${HANGS}"`,
    'track_script {',
    '  hangs',
    '}',
  ]
  const of = (priority: number) => globals + script + instance({ version: 3, advertInt: 0.5, priority, more })
  const first = await strong.holdfastd(of(200))
  await strong.holds(VIRTUAL_ADDRESS)
  const second = await weak.holdfastd(of(100))
  await second.shows('the master', ({ virtualRouters: [one] }) => one?.masterAddress === '192.0.2.11')
  // The script has hung by then, and counts.
  await first.shows('the weight of a script that hangs', ({ virtualRouters: [one] }) => one?.effectivePriority === 195)
  expect(strong.has(VIRTUAL_ADDRESS)).toBe(true)
  const stopped = nowMillis()
  await first.stop()
  await weak.holds(VIRTUAL_ADDRESS)
  expect(strong.has(VIRTUAL_ADDRESS)).toBe(false)
  expect(nowMillis() - stopped).toBeLessThan(30_000)
})
