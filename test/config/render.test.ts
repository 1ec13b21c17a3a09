import { expect, test } from 'vitest'
import { exitCodeForTest, loadConfiguration, refusals, render } from '../../src/config/index.ts'
import { load, MAIN, memoryFiles } from './files.ts'

test('a complaint is printed with place, line, caret, remedy and the other place', () => {
  const one = 'vrrp_instance A {\n\tinterface eth0\n\tvirtual_router_id 5\n\tvirtual_ipaddress { 192.0.2.1 }\n}\n'
  const { diagnostics, sources } = load(`${one}${one.replace('A', 'B')}prority 3\n`)
  expect(
    render(diagnostics, sources),
  ).toBe(`${MAIN}:8:2: error: virtual_router_id 5 is used twice for IPv4 on eth0; vrrp_instance B is left out (give it another id)
    \tvirtual_router_id 5
    \t^~~~~~~~~~~~~~~~~~~
  ${MAIN}:3:2: note: first used here, by vrrp_instance A
${MAIN}:11:1: warning: unknown keyword prority at the top level
    prority 3
    ^~~~~~~
`)
})

test.each([
  ['tabs', '\t x\t', 'ab', '\t  \t^~'],
  ['wide characters', '"日本ｶﾅ한"', 'ab', '          ^~'],
  ['pictures', '"😀"', 'ab', '    ^~'],
  ['characters of two parts', 'e\u0301n\u0303', 'ab', '  ^~'],
  ['nothing', '', '日本', '^~~~'],
])('the caret stands under its word behind %s', (_, before, word, caret) => {
  const { diagnostics } = load('wibble')
  const placed = { ...diagnostics[0]!, column: before.length + 1, endColumn: before.length + word.length + 1 }
  const shown = render([placed], [{ path: MAIN, lines: [`${before}${word} more`] }])
  expect(shown.split('\n').slice(1)).toEqual([`    ${before}${word} more`, `    ${caret}`, ''])
})

test('colours are for terminals', () => {
  const { diagnostics, sources } = load('wibble')
  expect(render(diagnostics, sources)).not.toContain('\x1b')
  expect(render(diagnostics, sources, { color: true })).toContain('\x1b[1;33mwarning:\x1b[0m')
})

test('nothing to complain of prints nothing', () => {
  expect(render([], [])).toBe('')
})

const secrets = [
  'vrrp_instance A {\nauthentication {\nauth_type PASS\nauth_pass hunter2hunter2\n}\ninterface eth0\nvirtual_router_id 1\n}',
  'vrrp_instance A {\nauthentication { auth_pass "hunter2 }\n}',
  'auth_pass hunter2',
  'vrrp_instance A {\nauthentication {\nauth_pas hunter2\n}\n}',
  'vrrp_instance A {\nauthentication {\nauth_pass hunter2 {\n}\n}\n}',
  'vrrp_instance A {\nauth_hmac {\nkey 1 hunter2 "\n}\n}',
]
for (const text of secrets)
  test(`a password is not shown: ${text.replaceAll('\n', ' ')}`, () => {
    const { diagnostics, sources } = load(text)
    expect(diagnostics).not.toEqual([])
    expect(render(diagnostics, sources)).not.toContain('hunter2')
    expect(JSON.stringify(diagnostics)).not.toContain('hunter2')
  })

for (const text of [
  'vrrp_instance:\n  A:\n    authentication: { auth_type: PASS, auth_pass: hunter2, more: 1 }\n',
  "vrrp_instance:\n  A:\n    authentication: { auth_pass: 'hunter2 x', more: 1 }\n",
  '{"vrrp_instance": {"A": {"authentication": {"auth_pass": "hunter2 x", "more": 1}}}}',
  'vrrp_instance:\n  A:\n    auth_hmac: { key: 1 hunter2, more: 1 }\n',
  '{"vrrp_instance": {"A": {"auth_hmac": {"key": "1 hunter2", "more": 1}}}}',
])
  test(`nor is one in YAML: ${text.replaceAll('\n', ' ')}`, () => {
    const path = '/etc/holdfast.yaml'
    const { diagnostics, sources } = loadConfiguration(memoryFiles({ [path]: text }), path, { configId: 'a' })
    const shown = render(diagnostics, sources)
    expect(shown).toContain('****')
    expect(shown).not.toContain('hunter2')
  })

test('a file cannot steer the terminal', () => {
  const { diagnostics, sources } = load('wib\x1b[2Jble \x9b31m\nx"\x07')
  const shown = render(diagnostics, sources)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(shown).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/)
})

test('a long line is cut around the place', () => {
  const { diagnostics, sources } = load(`${'x '.repeat(400)}"open`)
  for (const line of render(diagnostics, sources).split('\n')) expect(line.length).toBeLessThan(200)
})

const codes: readonly (readonly [claim: string, text: string, code: number])[] = [
  ['0: nothing to complain of', '', 0],
  ['0: an include finds nothing where it may', 'include none.conf', 0],
  ['5: a file includes itself', 'include keepalived.conf', 5],
  ['0: a word has no effect here', 'global_defs {\nenable_snmp_vrrp\nvrrp_no_swap\n}', 0],
  ['5: a warning', 'wibble', 5],
  ['5: an error that drops an object', 'vrrp_instance A {\ninterface eth0\n}', 5],
  ['2: an argument is missing, whatever else', 'vrrp_instance A {\npriority\nwibble\n}', 2],
]
for (const [claim, text, code] of codes)
  test(`exit code of a configuration test is ${claim}`, () => {
    expect(exitCodeForTest(load(text))).toBe(code)
  })

test('exit code of a configuration test is 4: a missing file, which is named with a remedy', () => {
  const { configuration, diagnostics, sources } = loadConfiguration(memoryFiles({}), '/etc/none.conf', {
    configId: 'x',
  })
  expect(configuration).toBeUndefined()
  expect(exitCodeForTest({ diagnostics })).toBe(4)
  expect(render(diagnostics, sources)).toBe(
    '/etc/none.conf:1:1: error: no such configuration file (create it, or name another with -f)\n',
  )
})

test('exit code of a configuration test is 6: an include that must not fail did', () => {
  const loaded = loadConfiguration(memoryFiles({ [MAIN]: 'includea none.conf' }), MAIN, { configId: 'x' })
  expect(exitCodeForTest(loaded)).toBe(6)
  expect(loaded.configuration).toBeUndefined()
})

const script =
  'vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress { 192.0.2.1 }\nnotify "/bin/there x"\n}'

test('exit code of a configuration test is 6: scripts without enable_script_security', () => {
  const loaded = load(script, {}, { isExecutable: () => true })
  expect(exitCodeForTest(loaded)).toBe(6)
  expect(
    exitCodeForTest(load(`global_defs {\nenable_script_security\n}\n${script}`, {}, { isExecutable: () => true })),
  ).toBe(0)
})

test('a script that is not there is told, and neither a matter of security nor of the exit code', () => {
  const loaded = load(script, {}, { isExecutable: () => false })
  expect(loaded.diagnostics.map((one) => one.message)).toEqual([
    '/bin/there is not there or not executable; it will not run',
  ])
  expect(exitCodeForTest(loaded)).toBe(0)
  expect(exitCodeForTest(load(`${script}\nwibble`, {}, { isExecutable: () => false }))).toBe(5)
})

const accountFault = (user: string, group?: string) =>
  user !== 'nobody' ? `${user}: no such user` : group === 'nogrp' ? `${group}: no such group` : undefined

test.each([
  ['that of the command', '', 'notify /bin/true daemn', ['6:1 daemn: no such user; /bin/true will not run']],
  ['its group', '', 'notify /bin/true nobody nogrp', ['6:1 nogrp: no such group; /bin/true will not run']],
  [
    'script_user, once',
    'script_user nobdy',
    'notify /bin/true\nnotify_fault /bin/false\nnotify_stop /bin/true nobody',
    ['9:1 nobdy: no such user; scripts without a user of their own will not run'],
  ],
  [
    'nobody named, and enable_script_security on',
    'enable_script_security',
    'notify /bin/true\nnotify_fault /bin/false',
    [
      '6:1 enable_script_security wants a user, and there is no keepalived_script here; this script will not run, nor will others without one',
    ],
  ],
  ['nobody named, and enable_script_security off', '', 'notify /bin/true', []],
])('a user of scripts that there is not is told: %s', (_, global, lines, expected) => {
  const instance = `vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress { 192.0.2.1 }\n# scripts\n${lines}\n}\n`
  const text = `${instance}${global === '' ? '' : `global_defs {\n${global}\n}\n`}`
  const loaded = load(text, {}, { isExecutable: () => true, accountFault })
  const users = loaded.diagnostics.filter(({ rule }) => rule === 'script-user')
  expect(users.map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual(
    expected.map((one) => one.replace('9:1', `${text.split('\n').indexOf(global) + 1}:1`)),
  )
})

test('a missing interface is a warning at its line, and its virtual router stays', () => {
  const loaded = load(
    script.replace('192.0.2.1', '192.0.2.1 dev eth9'),
    {},
    { interfaceExists: (name) => name === 'lo' },
  )
  expect(loaded.model.virtualRouters).toHaveLength(1)
  expect(loaded.diagnostics.map((one) => `${one.line}:${one.column} ${one.severity} ${one.message}`)).toEqual([
    '2:11 warning eth0: no such interface; vrrp_instance A stays in fault',
    '4:21 warning eth9: no such interface; it is needed here',
  ])
})

test('a reload is refused for errors, not for warnings', () => {
  expect(refusals(load('wibble\ngarp_group {\n}').diagnostics)).toEqual([])
  expect(refusals(load('global_defs {').diagnostics)).toHaveLength(1)
})

test('the same complaint from a text used often is told once', () => {
  const { diagnostics } = load('$A= \\\n wibble\n$A\n$A\n$A')
  expect(diagnostics.map((one) => one.notes)).toEqual([['2 more times, where the same text is used']])
})

test('a flood of complaints is cut off and counted', () => {
  const { diagnostics } = load(Array.from({ length: 3000 }, (_, i) => `wibble${i}`).join('\n'))
  expect(diagnostics).toHaveLength(1000)
  expect(diagnostics.at(-1)?.notes).toEqual(['2000 more complaints are not shown'])
})

test('with strict an unknown keyword is an error, and any error is the end', () => {
  const text = `${script}\nwibble`
  const ports = memoryFiles({ [MAIN]: text })
  const codes = [false, true].map((strict) => {
    const loaded = loadConfiguration(ports, MAIN, { configId: 'alpha', strict })
    return [loaded.diagnostics.map(({ severity }) => severity), exitCodeForTest(loaded, strict)]
  })
  expect(codes).toEqual([
    [['warning'], 5],
    [['error'], 4],
  ])
})
