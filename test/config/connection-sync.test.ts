/** lvs_sync_daemon and lvs_sync_daemon_interface: what they come to, and what is said of them. */
import { expect, test } from 'vitest'
import { ok, seconds } from '../../src/base/index.ts'
import { loadConfiguration } from '../../src/config/index.ts'
import { load, MAIN, memoryFiles, told } from './files.ts'

const instance = (more = '') =>
  `vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n virtual_ipaddress {\n 192.0.2.1\n }\n${more}}\n`

const sync = (line: string, more = '') => {
  const loaded = load(`global_defs {\n${line}\n}\n${instance(more)}`)
  return { value: loaded.model.global.connectionSync, told: told(loaded) }
}

test('an interface is enough: both daemons, any id', () => {
  expect(sync('lvs_sync_daemon eth1')).toEqual({ value: { interface: 'eth1', syncId: 0 }, told: [] })
})

test('with a virtual router its id counts, unless one is written', () => {
  const value = { interface: 'eth1', instance: 'VI_1', syncId: 51 }
  expect(sync('lvs_sync_daemon eth1 VI_1')).toEqual({ value, told: [] })
  expect(sync('lvs_sync_daemon eth1 inst VI_1')).toEqual({ value, told: [] })
  expect(sync('lvs_sync_daemon eth1 VI_1 id 7').value).toEqual({ ...value, syncId: 7 })
})

test('every option', () => {
  expect(sync('lvs_sync_daemon eth1 VI_1 id 7 maxlen 9000 port 9000 ttl 3 group ff02::81')).toEqual({
    value: {
      interface: 'eth1',
      instance: 'VI_1',
      syncId: 7,
      maxLength: 9000,
      port: 9000,
      ttl: 3,
      group: 'ff02::81',
    },
    told: [],
  })
})

test('the old form with a bare id is taken, with a word about it', () => {
  expect(sync('lvs_sync_daemon eth1 VI_1 7')).toEqual({
    value: { interface: 'eth1', instance: 'VI_1', syncId: 7 },
    told: ['2:27 warning deprecated: lvs_sync_daemon 7: an id is written with its name now'],
  })
})

test('a bad value is left out, and the daemon runs without it', () => {
  const { value, told: said } = sync('lvs_sync_daemon eth1 VI_1 id 300 ttl 0 port 9000')
  expect(value).toEqual({ interface: 'eth1', instance: 'VI_1', syncId: 51, port: 9000 })
  expect(said).toHaveLength(2)
  expect(sync('lvs_sync_daemon eth1 VI_1 id').told).toEqual([
    '2:27 error missing-argument: lvs_sync_daemon id needs a value; it has no effect',
  ])
  expect(sync('lvs_sync_daemon eth1 VI_1 speed 3').told).toEqual([
    '2:27 error value: lvs_sync_daemon speed: no such option; there are inst, id, maxlen, port, ttl, group',
  ])
})

test('a host in place of a group is remarked, because the kernel cannot send to one', () => {
  const { value, told: said } = sync('lvs_sync_daemon eth1 VI_1 group 192.0.2.9')
  expect(value?.group).toBe('192.0.2.9')
  expect(said).toEqual([
    '2:33 warning remark: lvs_sync_daemon group 192.0.2.9 is a host; only the embedded core can send to one',
  ])
})

test('a virtual router that is not there is an error', () => {
  expect(sync('lvs_sync_daemon eth1 VI_9')).toEqual({
    value: undefined,
    told: ['2:1 error object: lvs_sync_daemon: there is no vrrp_instance VI_9; the line has no effect'],
  })
})

test('with a virtual router that is left out it is left out, too', () => {
  const loaded = load(
    `global_defs {\nlvs_sync_daemon eth1 inst VI_2\n}\n${instance()}${instance().replace('VI_1', 'VI_2')}`,
  )
  expect(loaded.model.virtualRouters).toHaveLength(1)
  expect(loaded.model.global.connectionSync).toBeUndefined()
  expect(told(loaded)).toContain(
    '2:1 error object: vrrp_instance VI_2 is left out, and so is the synchronisation with it',
  )
})

test('the first counts', () => {
  const { value, told: said } = sync('lvs_sync_daemon eth1\nlvs_sync_daemon eth2')
  expect(value).toEqual({ interface: 'eth1', syncId: 0 })
  expect(said).toEqual(['3:1 warning remark: lvs_sync_daemon stands there twice; the first counts'])
})

test('lvs_sync_daemon_interface of a vrrp_instance is the same, if global_defs say nothing', () => {
  const older = sync('router_id a', ' lvs_sync_daemon_interface eth1\n')
  expect(older.value).toEqual({ interface: 'eth1', instance: 'VI_1', syncId: 51 })
  expect(older.told).toEqual(['10:2 warning deprecated: lvs_sync_daemon_interface is written in global_defs now'])
  expect(sync('lvs_sync_daemon eth2', ' lvs_sync_daemon_interface eth1\n').value?.interface).toBe('eth2')
})

const KEY = 'ab'.repeat(32)

test('keys: the first signs, all verify, and none is told', () => {
  const other = 'a word that has thirty-two letters in it'
  expect(sync(`lvs_sync_daemon eth1\nlvs_sync_key hex:${KEY}\nlvs_sync_key "${other}"`)).toEqual({
    value: { interface: 'eth1', syncId: 0, keys: [KEY, Buffer.from(other).toString('hex')] },
    told: [],
  })
})

test('how long a director that joins waits for all connections, and where it asks for them', () => {
  const catchUp = (words: string) => {
    const { value, told: said } = sync(`lvs_sync_daemon eth1\nlvs_sync_catch_up ${words}`)
    return { value: value?.catchUp, said: said.map((one) => one.replace(/^\S+ /, '')) }
  }
  expect(catchUp('off')).toEqual({ value: 'off', said: [] })
  expect(catchUp('12.5')).toEqual({ value: { limit: seconds(12.5) }, said: [] })
  expect(catchUp('60 port 9000')).toEqual({ value: { limit: seconds(60), port: 9000 }, said: [] })
  expect(catchUp('60 port')).toEqual({
    value: { limit: seconds(60) },
    said: ['error missing-argument: lvs_sync_catch_up port needs a value; it has no effect'],
  })
  expect(catchUp('60 at 9').said).toEqual(['error value: lvs_sync_catch_up at is not port; the line has no effect'])
  expect(catchUp('0.5').value).toBeUndefined()
  expect(catchUp('on').value).toBeUndefined()
})

test('a key from a file, and from a credential of systemd', () => {
  const bytes = new TextEncoder().encode(`hex:${KEY}\n`)
  const keysOf = (word: string, path: string) => {
    const text = `global_defs {\nlvs_sync_daemon eth1\nlvs_sync_key ${word}\n}\n${instance()}`
    const files = memoryFiles({ [MAIN]: text })
    const read = (wanted: string) =>
      wanted === path ? ok({ bytes, executable: false, readableByOthers: false }) : files.read(wanted)
    const environment = { CREDENTIALS_DIRECTORY: '/run/credentials/holdfast.service' }
    const loaded = loadConfiguration({ ...files, read }, MAIN, { configId: 'alpha', environment })
    expect(loaded.diagnostics).toEqual([])
    return loaded.configuration?.global.connectionSync?.keys
  }
  expect(keysOf('file:/etc/hf.key', '/etc/hf.key')).toEqual([KEY])
  expect(keysOf('cred:sync.key', '/run/credentials/holdfast.service/sync.key')).toEqual([KEY])
})

test('where no key is of use nothing is synchronised, rather than without one', () => {
  const { value, told: said } = sync('lvs_sync_daemon eth1\nlvs_sync_key hex:abcd')
  expect(value).toBeUndefined()
  expect(said).toEqual([
    '3:1 error value: lvs_sync_key has 2 bytes, and 32 to 64 are wanted; the line has no effect',
    '3:1 error object: none of the lvs_sync_key is of use; connections are not synchronised',
  ])
})
