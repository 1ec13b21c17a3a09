import { expect, test } from 'vitest'
import { fail, ok } from '../../src/base/index.ts'
import { loadConfiguration, print, render } from '../../src/config/index.ts'
import { load, MAIN, memoryFiles, router, told } from './files.ts'

const TEXT = 'correct horse battery staple 1234'
const HEX = 'ab'.repeat(32)
const block = (lines: string) => `auth_hmac {\n${lines}\n}`
const KEY = `key 1 "${TEXT}"\nactive_key 1`

test('text and hexadecimal keys, and the defaults', () => {
  const { value, told: complaints } = router(block(`${KEY}\nkey 200 hex:${HEX.toUpperCase()}`))
  expect(complaints).toEqual([])
  expect(value.hmac).toEqual({
    keys: [
      { id: 1, key: Buffer.from(TEXT).toString('hex') },
      { id: 200, key: HEX },
    ],
    activeKey: 1,
    window: 5,
    antiReplay: 'time',
    mode: 'enforce',
  })
})

test('everything said, and the default window of a long interval', () => {
  expect(router(block(`${KEY}\ntime_window 30\nanti_replay monotonic\nmode receive-only`)).value.hmac).toMatchObject({
    window: 30,
    antiReplay: 'monotonic',
    mode: 'receive-only',
  })
  expect(router(`advert_int 20\n${block(KEY)}`).value.hmac?.window).toBe(60)
  expect(router(`advert_int 255\n${block(KEY)}`).value.hmac?.window).toBe(300)
})

test('it takes the place of authentication', () => {
  const { value, told: complaints } = router(`authentication {\nauth_type PASS\nauth_pass x\n}\n${block(KEY)}`)
  expect(value.authentication).toBeUndefined()
  expect(complaints).toEqual(['2:1 warning remark: authentication has no effect beside auth_hmac'])
})

const fromFile = (content: string, readableByOthers = false) => {
  const text = `vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress { 192.0.2.1 }\n${block('key 1 file:/etc/hf.key\nactive_key 1')}\n}\n`
  const files = memoryFiles({ [MAIN]: text })
  const bytes = new TextEncoder().encode(content)
  return load(
    text,
    {},
    {
      read: (path) => (path === '/etc/hf.key' ? ok({ bytes, executable: false, readableByOthers }) : files.read(path)),
    },
  )
}

const fromCredential = (name: string, directory = '/run/credentials/holdfast.service') => {
  const text = `vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress { 192.0.2.1 }\n${block(`key 1 cred:${name}\nactive_key 1`)}\n}\n`
  const files = memoryFiles({ [MAIN]: text })
  const bytes = new TextEncoder().encode(`hex:${HEX}\n`)
  const ports = {
    ...files,
    read: (path: string) =>
      path === '/run/credentials/holdfast.service/vrrp.key'
        ? ok({ bytes, executable: false, readableByOthers: false })
        : files.read(path),
  }
  return loadConfiguration(ports, MAIN, {
    configId: 'alpha',
    ...(directory === '' ? {} : { environment: { CREDENTIALS_DIRECTORY: directory } }),
  })
}

test('a key from a credential of systemd', () => {
  const loaded = fromCredential('vrrp.key')
  expect(loaded.diagnostics).toEqual([])
  expect(loaded.configuration?.virtualRouters[0]?.hmac?.keys).toEqual([{ id: 1, key: HEX }])
})

test('a credential that is not there, or is no name of one, is an error with what to add to the unit', () => {
  const remedies = (loaded: ReturnType<typeof fromCredential>) =>
    loaded.diagnostics.map(({ message, remedy }) => [message, remedy])
  expect(remedies(fromCredential('other'))[0]).toEqual([
    'key 1 cannot be read from credential other (ENOENT); the line has no effect',
    'add LoadCredential=other:PATH to the unit; for a check beside it, set CREDENTIALS_DIRECTORY',
  ])
  expect(remedies(fromCredential('vrrp.key', ''))[0]?.[0]).toMatch(
    /^key 1 cannot be read: there is no credential vrrp\.key/,
  )
  for (const name of ['../../etc/shadow', '.', ''])
    expect(remedies(fromCredential(name))[0]?.[0]).toMatch(/has cred: and then no name of a credential/)
})

test('a key from a file, text or hexadecimal, without its line end', () => {
  expect(fromFile(`hex:${HEX}\n`).model.virtualRouters[0]?.hmac?.keys).toEqual([{ id: 1, key: HEX }])
  expect(fromFile(`${TEXT}\r\n`).model.virtualRouters[0]?.hmac?.keys[0]?.key).toBe(Buffer.from(TEXT).toString('hex'))
  expect(told(fromFile(TEXT)).join()).toBe('')
})

test('a key file that others can read is a matter of security, and used', () => {
  const loaded = fromFile(TEXT, true)
  expect(told(loaded)).toEqual(['6:7 warning security: /etc/hf.key can be read by others than its owner'])
  expect(loaded.model.virtualRouters[0]?.hmac).toBeDefined()
})

test('a key file that is missing is said with its path', () => {
  const text = `vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress { 192.0.2.1 }\n${block('key 1 file:/none\nactive_key 1')}\n}\n`
  const loaded = load(
    text,
    {},
    {
      read: (path) =>
        path === MAIN
          ? ok({ bytes: new TextEncoder().encode(text), executable: false })
          : fail({ reason: 'missing', detail: 'ENOENT' }),
    },
  )
  expect(told(loaded)[0]).toBe('6:1 error value: key 1 cannot be read from /none (ENOENT); the line has no effect')
})

const SHORT = 'x'.repeat(31)
const rows: readonly [rule: string, lines: string, complaint: string][] = [
  [
    'a short key',
    `key 1 ${SHORT}\n${KEY.replaceAll('1', '2')}`,
    '3:1 error value: key 1 has 31 bytes, and 32 to 64 are wanted',
  ],
  ['half a byte', `key 3 hex:${HEX}a\n${KEY}`, 'key 3 has hex: and then something else than pairs of digits'],
  ['an id of 0', `key 0 ${TEXT.replaceAll(' ', '')}\n${KEY}`, 'key needs an id from 1 to 255 and a value'],
  ['no id', `key ${HEX}\n${KEY}`, 'key needs an id from 1 to 255 and a value'],
  ['an id twice', `${KEY}\nkey 1 hex:${HEX}`, 'key 1 is there already'],
  ['no active key', `key 1 hex:${HEX}`, 'auth_hmac has no active_key; advertisements are not authenticated'],
  [
    'an active key that is none',
    `key 1 hex:${HEX}\nactive_key 2`,
    'active_key 2 is not one of its keys; advertisements are not authenticated',
  ],
  ['a window of 0', `${KEY}\ntime_window 0`, 'time_window 0 is not a whole number from 1 to 300'],
  ['a mode that is none', `${KEY}\nmode strict`, 'mode strict is not enforce, permissive or receive-only'],
]
for (const [rule, lines, complaint] of rows)
  test(`${rule} is refused, and no key is shown`, () => {
    const text = `vrrp_instance A {\n${block(lines)}\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress { 192.0.2.1 }\n}\n`
    const loaded = load(text)
    const shown = told(loaded).join('\n') + render(loaded.diagnostics, loaded.sources)
    expect(shown).toContain(complaint)
    for (const secret of [SHORT, HEX, TEXT]) expect(shown).not.toContain(secret)
  })

test('keys are starred out of what is printed, unless asked for', () => {
  const { model } = load(
    `vrrp_instance A {\n${block(KEY)}\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress { 192.0.2.1 }\n}\n`,
  )
  expect(print(model)).toContain('key 1 ********')
  expect(print(model)).not.toContain(Buffer.from(TEXT).toString('hex'))
  expect(load(print(model, { secrets: 'shown' })).model).toEqual(model)
})
