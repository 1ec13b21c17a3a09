import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { settingNames, settingRules, tableSizeNames, tableSizes } from '../../src/model/index.ts'
import { load, told } from './files.ts'

const settings = (lines: string) => {
  const loaded = load(`lvs_settings {\n${lines}\n}\n`)
  return { value: loaded.model.global.lvsSettings, told: told(loaded) }
}

for (const name of settingNames)
  test(`${name} is taken from its least to its greatest value, and no further`, () => {
    const { min, max } = settingRules[name]
    for (const value of [min, max])
      expect(settings(`${name} ${value}`)).toEqual({ value: { ipvs: { [name]: value } }, told: [] })
    for (const value of [min - 1, max + 1, 'on']) {
      const { value: none, told: said } = settings(`${name} ${value}`)
      expect(none).toBeUndefined()
      expect(said).toEqual([
        `2:${name.length + 2} error value: ${name} ${value} is not a whole number from ${min} to ${max}; the line has no effect`,
      ])
    }
  })

test('docs/configuration.md has every setting with its default, range and meaning', () => {
  const documented = readFileSync('docs/configuration.md', 'utf8')
    .split('\n')
    .filter((line) => /^\| `[a-z_]+ N` \|/.test(line))
  const rules = [
    ...settingNames.map((name) => ({ name, ...settingRules[name] })),
    ...tableSizeNames.map((name) => ({ name, ...tableSizes[name] })),
  ]
  expect(documented).toEqual(
    rules.map((rule) => `| \`${rule.name} N\` | ${rule.default} | ${rule.min} – ${rule.max} | ${rule.meaning} |`),
  )
})

for (const name of tableSizeNames)
  test(`${name} is taken from its least to its greatest value`, () => {
    const { field, min, max } = tableSizes[name]
    for (const value of [min, max])
      expect(settings(`${name} ${value}`)).toEqual({ value: { ipvs: {}, [field]: value }, told: [] })
    for (const value of [min - 1, max + 1]) expect(settings(`${name} ${value}`).value).toBeUndefined()
  })

test('the size of the connection table, and where packets are taken', () => {
  expect(settings('connection_table_size 1048576\ninterfaces eth0 eth1 eth0\nxdp auto')).toEqual({
    value: { ipvs: {}, connectionTableSize: 1_048_576, interfaces: ['eth0', 'eth1'], xdp: 'auto' },
    told: [],
  })
  expect(settings('xdp off').value?.xdp).toBe('off')
  expect(settings('xdp eth0 eth1').value?.xdp).toEqual(['eth0', 'eth1'])
})

test('blocks merge, and the last word on a setting counts', () => {
  const loaded = load('lvs_settings {\nsloppy_tcp 1\nxdp off\n}\nlvs_settings {\nsloppy_tcp 0\nnat_icmp_send 1\n}\n')
  expect(loaded.model.global.lvsSettings).toEqual({ ipvs: { sloppy_tcp: 0, nat_icmp_send: 1 }, xdp: 'off' })
})

test('an empty block is none', () => {
  expect(settings('')).toEqual({ value: undefined, told: [] })
})

const complaints: readonly (readonly [lines: string, said: RegExp])[] = [
  ['connection_table_size 1023', /connection_table_size 1023 is not a whole number from 1024 to 16777216/],
  ['connection_table_size 16777217', /connection_table_size 16777217 is not a whole number/],
  ['interfaces', /interfaces needs an interface/],
  ['interfaces eth0 a/b', /interfaces a\/b is no interface name; the line has no effect/],
  ['xdp', /xdp needs auto, off or an interface/],
  ['xdp an-interface-of-22', /xdp an-interface-of-22 is no interface name/],
  ['slopy_tcp 1', /unknown keyword slopy_tcp in lvs_settings/],
  ['conn_reuse_mode', /conn_reuse_mode needs a whole number from 0 to 3/],
]
for (const [lines, said] of complaints)
  test(`lvs_settings, with a complaint: ${lines}`, () => {
    const { value, told: all } = settings(lines)
    expect(value).toBeUndefined()
    expect(all.join('\n')).toMatch(said)
  })

const timeouts = (line: string) => {
  const loaded = load(`global_defs {\n${line}\n}\n`)
  return { value: loaded.model.global.lvsTimeouts, told: told(loaded) }
}

test('lvs_timeouts names what it changes; 0 and what is not named stay as they are', () => {
  expect(timeouts('lvs_timeouts tcp 60 tcpfin 5 udp 7').value).toEqual({ tcp: 60, tcpFin: 5, udp: 7 })
  expect(timeouts('lvs_timeouts udp 7')).toEqual({ value: { tcp: 0, tcpFin: 0, udp: 7 }, told: [] })
  expect(timeouts('lvs_timeouts tcp 0')).toEqual({ value: undefined, told: [] })
  expect(timeouts('lvs_timeouts tcp 5\nlvs_timeouts udp 7').value).toEqual({ tcp: 5, tcpFin: 0, udp: 7 })
})

for (const [line, said] of [
  ['lvs_timeouts', /lvs_timeouts needs tcp N, tcpfin N or udp N/],
  ['lvs_timeouts tcp', /lvs_timeouts needs a number of seconds/],
  ['lvs_timeouts sctp 5', /lvs_timeouts sctp is not tcp, tcpfin or udp/],
  ['lvs_timeouts tcp 2678401', /lvs_timeouts tcp 2678401 is not a whole number from 0 to 2678400/],
] as const)
  test(`with a complaint: ${line}`, () => {
    const { value, told: all } = timeouts(line)
    expect(value).toBeUndefined()
    expect(all.join('\n')).toMatch(said)
  })
