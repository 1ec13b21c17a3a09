// biome-ignore-all lint/suspicious/noTemplateCurlyInString: uses of definitions look like that
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type ConfigPorts,
  exitCodeForTest,
  type LoadedConfiguration,
  loadConfiguration,
  print,
  render,
  showConfiguration,
} from '../../src/config/index.ts'
import { CONFIG_ID, CORPUS, corpusFiles, differences, names, referenceRows, table } from '../corpus/tables.ts'
import { fuzzRuns, fuzzTimeout } from '../fuzz-runs.ts'
import { diskFiles, load, MAIN, memoryFiles, told } from './files.ts'

const BAD = `${CORPUS}/bad`
const GOOD = `${CORPUS}/conf`
const GOLDEN = `${CORPUS}/golden`
const EXAMPLES = 'conf-examples'
/** No file may keep the reader busy; far above what any takes, so that a slow machine fails nothing. */
const PATIENCE = 10_000

const read = (path: string) => loadConfiguration(diskFiles, path, { configId: CONFIG_ID, hostName: 'alpha' })

/** As the reference was asked: every link is there, and no script but those of the system. */
const host: ConfigPorts = {
  ...diskFiles,
  interfaceExists: () => true,
  isExecutable: (path) => /^(?:\/usr)?\/s?bin\//.test(path),
}
const onHost = (file: string) =>
  showConfiguration(
    host,
    `${CORPUS}/${file}`,
    { configId: CONFIG_ID, hostName: 'alpha', testing: true },
    { format: 'yaml', secrets: 'shown' },
  )

/** What holds of every answer, whatever the file. */
function wellFormed(loaded: LoadedConfiguration): void {
  for (const one of loaded.diagnostics) {
    expect(one.line, one.message).toBeGreaterThanOrEqual(1)
    expect(one.column, one.message).toBeGreaterThanOrEqual(1)
    expect(one.endColumn ?? one.column + 1).toBeGreaterThan(one.column)
    expect(loaded.files).toContain(one.file)
    for (const place of one.related) expect(Math.min(place.line, place.column)).toBeGreaterThanOrEqual(1)
  }
  expect(render(loaded.diagnostics, loaded.sources) === '').toBe(loaded.diagnostics.length === 0)
}

describe('beside keepalived', () => {
  const reference = referenceRows()
  const deliberate = differences()

  test('every file was put to it', () => {
    expect(reference.map(({ file }) => file)).toEqual(corpusFiles)
    expect(deliberate.filter(({ file, why }) => !corpusFiles.includes(file) || why === '')).toEqual([])
  })

  test('docs/differences.md has the reason of each difference in the same words', () => {
    const page = readFileSync('docs/differences.md', 'utf8').toLowerCase()
    expect(deliberate.filter(({ why }) => !page.includes(why.toLowerCase()))).toEqual([])
  })

  for (const { file, withLinks, lines } of reference) {
    const otherwise = deliberate.filter((one) => one.file === file)
    const reasons = [...new Set(otherwise.map(({ why }) => `; otherwise: ${why}`))].join('')
    test(`${file} ends with ${withLinks}${reasons}`, { timeout: PATIENCE }, () => {
      const shown = onHost(file)
      const code = exitCodeForTest(shown)
      const named = new Set(shown.diagnostics.map(({ line }) => line))
      const unnamed = lines.filter((line) => !named.has(line))
      const found = [...(code === withLinks ? [] : ['code']), ...(unnamed.length === 0 ? [] : ['lines'])]
      expect(found, `${code} of ${withLinks}, not named: ${unnamed}`).toEqual(otherwise.map(({ what }) => what))
    })
  }
})

describe('what is made of it', () => {
  test('every file has its golden, and no other is there', () => {
    const made = (file: string) => `${file.replace(/\.conf$/, '')}.yaml`
    expect(
      ['bad', 'conf'].flatMap((folder) => readdirSync(`${GOLDEN}/${folder}`).map((name) => `${folder}/${name}`)).sort(),
    ).toEqual(corpusFiles.map(made).sort())
  })

  for (const file of corpusFiles)
    test(`${file}: its complaints and the model with defaults`, { timeout: PATIENCE }, async () => {
      const shown = onHost(file)
      wellFormed(shown)
      const complaints = shown.diagnostics.map(
        ({ line, column, severity, kind, message }) => `# ${line}:${column} ${severity} ${kind}: ${message}\n`,
      )
      const code = `# exit code ${exitCodeForTest(shown)}\n`
      const model = shown.configuration === undefined ? '# nothing may start from it\n' : (shown.text ?? '')
      await expect([code, ...complaints, model].join('')).toMatchFileSnapshot(
        resolve(GOLDEN, file.replace(/\.conf$/, '.yaml')),
      )
    })
})

describe('files that are wrong on purpose', () => {
  const expected = table(`${BAD}/EXPECTED.tsv`)

  test('each has its expectation', () => {
    expect(expected.map(([name]) => name)).toEqual(names(BAD))
  })

  for (const [name, verdict, code, lines] of expected as readonly (readonly [string, string, string, string?])[])
    test(`${name}: ${verdict}, exit code ${code}, lines ${lines || 'none'}`, { timeout: PATIENCE }, () => {
      const loaded = read(`${BAD}/${name}`)
      wellFormed(loaded)
      expect(exitCodeForTest(loaded)).toBe(Number(code))
      const named = new Set(loaded.diagnostics.map((one) => one.line))
      for (const line of (lines ?? '').split(',').filter((one) => one !== ''))
        expect(named, told(loaded).join('\n')).toContain(Number(line))
      if (verdict === 'accept') expect(told(loaded)).toEqual([])
      if (verdict === 'warn') expect(loaded.diagnostics.every((one) => one.severity === 'warning')).toBe(true)
      if (verdict === 'reject')
        expect(
          loaded.diagnostics.some((one) => one.severity === 'error' || /^unknown|^include|^source/.test(one.kind)),
        ).toBe(true)
    })
})

describe('files as users publish them', () => {
  test('each has its source', () => {
    expect(table(`${GOOD}/SOURCES.tsv`).map(([name]) => name)).toEqual(names(GOOD))
  })

  for (const name of names(GOOD))
    test(`${name} means the same when it is printed and read again`, () => {
      const { configuration } = read(`${GOOD}/${name}`)
      if (configuration === undefined) throw new Error('no configuration')
      expect(load(print(configuration, { secrets: 'shown' })).model).toEqual(configuration)
    })
})

describe('conf-examples', () => {
  for (const name of names(EXAMPLES))
    test(`${name} is read without a complaint but for old words`, () => {
      const loaded = read(`${EXAMPLES}/${name}`)
      wellFormed(loaded)
      expect(told(loaded).filter((one) => !one.includes(' deprecated: '))).toEqual([])
      expect(
        (loaded.configuration?.virtualRouters.length ?? 0) + (loaded.configuration?.virtualServers.length ?? 0),
      ).toBeGreaterThan(0)
    })
})

describe('no bytes whatever', () => {
  const seeds = [...names(BAD).map((name) => `${BAD}/${name}`), ...names(GOOD).map((name) => `${GOOD}/${name}`)].map(
    (path) => readFileSync(path),
  )
  const runs = fuzzRuns(300)

  type Edit = { readonly at: number; readonly cut: number; readonly insert: Uint8Array }
  const edit: fc.Arbitrary<Edit> = fc.record({
    at: fc.nat(1 << 16),
    cut: fc.nat(20),
    insert: fc.oneof(
      fc
        .constantFrom(
          '{',
          '}',
          '"',
          "'",
          '\\',
          '\n',
          '#',
          '!',
          '$A',
          '${',
          '~SEQ(A,3) ',
          '@alpha ',
          'include ',
          '\0',
          ' -1',
          '/',
          ':',
          '%',
        )
        .map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 6 }),
    ),
  })
  const mutate = (bytes: Uint8Array, edits: readonly Edit[]): Uint8Array =>
    edits.reduce<Uint8Array>((before, { at, cut, insert }) => {
      const start = before.length === 0 ? 0 : at % before.length
      return Buffer.concat([before.subarray(0, start), insert, before.subarray(start + cut)])
    }, bytes)

  const survives = (bytes: Uint8Array) => {
    const loaded = loadConfiguration(memoryFiles({ [MAIN]: bytes, '/etc/keepalived/b': 'x' }), MAIN, {
      configId: 'alpha',
    })
    wellFormed(loaded)
    const model = loaded.configuration
    if (model !== undefined) structuredClone(model)
  }

  test('changed at random places make the reader throw', { timeout: fuzzTimeout(120_000) }, () => {
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 12 }), (bytes, edits) =>
        survives(mutate(bytes, edits)),
      ),
      runs,
    )
  })

  test('made up at random make the reader throw', { timeout: fuzzTimeout(120_000) }, () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), survives), runs)
  })

  const pieces = fc.constantFrom(
    ...'vrrp_instance virtual_server real_server global_defs authentication auth_type PASS auth_pass virtual_ipaddress TCP_CHECK HTTP_GET url path'.split(
      ' ',
    ),
    ...'{ } " \' # ! \\ \n \n \n 192.0.2.1 2001:db8::1 80 -1 0 1e9 99999999999999999999 VI_1 eth0 fwmark group include'.split(
      ' ',
    ),
    ...'$A= $A ${A} $A=${A} ~SEQ(A,2) ~LST(A,1,2) @alpha @^alpha quorum weight persistence_granularity brd + label interface'.split(
      ' ',
    ),
    '\n',
    ' ',
    '\\\n',
  )
  test('made of words of the language make the reader throw', { timeout: fuzzTimeout(120_000) }, () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 120 }), (all) => survives(Buffer.from(all.join(' ')))),
      runs,
    )
  })
})
