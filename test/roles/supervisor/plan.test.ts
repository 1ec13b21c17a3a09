import { expect, test } from 'vitest'
import { fakeWorld } from './fake-world.ts'
import { configurationFor, router } from './models.ts'

type Answer = Readonly<Record<string, unknown>>
const empty = configurationFor({ virtualRouters: [], virtualServers: [] })

async function running() {
  const world = fakeWorld()
  world.routers = [{ ...router('VI_1'), state: 'master' }]
  const started = await world.start()
  if (!started.ok) throw new Error(started.error.message)
  const ask = async (request: Answer) => {
    const answers: Answer[] = []
    const send = (value: unknown) => void answers.push(value as Answer) === undefined
    world.control?.({ send, close() {}, onClosed() {} }, JSON.stringify(request))
    await world.pass(0)
    return answers
  }
  return { world, ask, supervisor: started.value }
}
const offers = (world: ReturnType<typeof fakeWorld>) =>
  world.living('vrrp').flatMap(({ heard }) => heard.filter(({ type }) => type === 'offer'))

test('a plan tells what a reload would do and changes nothing', async () => {
  const { world, ask } = await running()
  world.load(configurationFor({ virtualRouters: [router('VI_1', { priority: 150 })] }), {
    severity: 'warning',
    text: 'f:1:1: warning: odd',
  })
  const [answer] = await ask({ request: 'plan' })
  expect(answer).toMatchObject({
    type: 'plan',
    file: '/etc/keepalived/keepalived.conf',
    warnings: ['f:1:1: warning: odd'],
    changes: [{ kind: 'vrrp_instance', name: 'VI_1', effect: 'stays master', keywords: [{ keyword: 'priority' }] }],
  })
  expect(answer).not.toHaveProperty('refused')
  expect(offers(world)).toHaveLength(1)
})

test('a plan tells why a reload would be refused', async () => {
  const { world, ask } = await running()
  world.loaded = { complaints: [{ severity: 'error', text: '/x:1:1: error: no such file' }] }
  expect(await ask({ request: 'plan', file: '/x' })).toEqual([
    { type: 'plan', file: '/x', refused: '/x:1:1: error: no such file', warnings: [] },
  ])
  expect(await ask({ request: 'plan', file: 'x' })).toEqual([{ type: 'error', message: 'file is an absolute path' }])
})

test('a reload that leaves nothing is refused with the way to have it, and taken when that is wanted', async () => {
  const { world, ask } = await running()
  world.load(empty)
  const [refused] = await ask({ request: 'reload' })
  expect(refused?.['message']).toMatch(
    /no vrrp_instance, no virtual_server and no bfd_instance in it; `holdfast reload --allow-empty`/,
  )
  expect(world.living('vrrp')).toHaveLength(1)
  await ask({ request: 'reload', allowEmpty: true })
  await world.pass(1_000_000)
  expect(world.roles.filter((one) => one.alive())).toEqual([])
  world.load(configurationFor())
  expect(await ask({ request: 'reload' })).toEqual([{ type: 'done', done: 'reload' }])
  expect(world.living('vrrp')).toHaveLength(1)
})

test('who waits for a reload that runs is answered by the next, and may allow an empty one', async () => {
  const { world, supervisor } = await running()
  world.load(empty)
  const answers = await Promise.all([supervisor.reload(), supervisor.reload(), supervisor.reload({ allowEmpty: true })])
  expect(answers.map(({ ok }) => ok)).toEqual([false, true, true])
})

test('the vrrp role is told which virtual routers cannot simply go on', async () => {
  const { world, supervisor } = await running()
  world.load(configurationFor({ virtualRouters: [router('VI_1', { priority: 9 })] }))
  await supervisor.reload()
  expect(offers(world).at(-1)?.['slice']).not.toHaveProperty('beginAnew')
  world.load(configurationFor({ virtualRouters: [router('VI_1', { multicastGroup: '224.0.0.9' as never })] }))
  await supervisor.reload()
  expect(offers(world).at(-1)?.['slice']).toMatchObject({ beginAnew: ['eth0/ipv4/51'] })
})
