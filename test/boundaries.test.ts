/**
 * Holds the table of who may import whom (docs/architecture.md) against every import written in src. A folder here is what
 * has an index.ts of its own to be imported through: `base`, `wire/vrrp`, `forwarding/ebpf`, `roles/ipc` …
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

const SRC = resolve(import.meta.dirname, '../src')

/** Folders that are only a shelf: each of their subfolders is a folder of its own. */
const SHELVES = ['wire', 'proto', 'sys', 'roles']
/** Subfolders with rules of their own inside a folder that also has files. */
const ROOMS = ['forwarding/ebpf', 'forwarding/ipvs', 'forwarding/sync']

/** What a folder may import, by name or by shelf (`wire` allows each `wire/*`); `types` are for `import type` only. */
type Rule = {
  readonly from: string
  readonly may: readonly string[]
  readonly types?: readonly string[]
  /** npm packages it may use. */
  readonly packages?: readonly string[]
  /** Whether it may touch the operating system through `node:*` modules. */
  readonly node?: true
}

const RULES: readonly Rule[] = [
  { from: 'base', may: [] },
  { from: 'wire', may: ['base', 'wire'] },
  { from: 'model', may: ['base'] },
  { from: 'config', may: ['base', 'model'], packages: ['yaml'] },
  { from: 'proto', may: ['base', 'model', 'proto'], types: ['wire', 'forwarding'] },
  { from: 'forwarding', may: ['base', 'model'] },
  { from: 'native', may: ['base'], node: true },
  {
    from: 'sys',
    may: ['base', 'wire', 'native', 'sys'],
    node: true,
    packages: ['nodemailer', 'nodemailer/lib/smtp-connection', 'pino'],
  },
  {
    from: 'forwarding/ebpf',
    may: ['base', 'wire', 'sys', 'forwarding', 'proto/scheduler'],
    types: ['model', 'forwarding/sync'],
  },
  { from: 'forwarding/ipvs', may: ['base', 'wire', 'sys', 'forwarding'], types: ['model'] },
  { from: 'forwarding/sync', may: ['base', 'wire', 'sys', 'forwarding'], types: ['model'] },
  { from: 'observe', may: ['base', 'model'], types: ['proto', 'forwarding'] },
  {
    from: 'roles/ipc',
    may: ['base'],
    types: ['model', 'forwarding', 'observe', 'proto/server-orders', 'proto/probe', 'proto/notify'],
  },
  {
    from: 'roles',
    may: [
      'base',
      'wire',
      'model',
      'config',
      'proto',
      'forwarding',
      'forwarding/ebpf',
      'forwarding/ipvs',
      'forwarding/sync',
      'sys',
      'observe',
      'roles/ipc',
    ],
  },
  {
    from: 'cli',
    may: [
      'base',
      'wire',
      'config',
      'model',
      'observe',
      'forwarding',
      'sys',
      'roles',
      'proto/arping',
      'proto/probe',
      'proto/real-server',
      'proto/vrrp',
    ],
    node: true,
    packages: ['commander', 'pino', 'yaml'],
  },
]

type Import = { readonly file: string; readonly specifier: string; readonly typeOnly: boolean }

const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
  .sort()

/** Every import and re-export of a source file, static and dynamic; comments do not count. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(SRC, file), 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '')
  const statements = text.matchAll(
    /^\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm,
  )
  return [...statements].map(([, type, from, dynamic]) => ({
    file,
    specifier: from ?? dynamic ?? '',
    typeOnly: type !== undefined,
  }))
}

function folderOf(path: string): string {
  const parts = dirname(path).split('/')
  const two = parts.slice(0, 2).join('/')
  return SHELVES.includes(parts[0] ?? '') || ROOMS.includes(two) ? two : (parts[0] ?? '')
}

const shelfOf = (folder: string): string => folder.split('/')[0] ?? ''

function ruleFor(folder: string): Rule | undefined {
  return RULES.find((rule) => rule.from === folder) ?? RULES.find((rule) => rule.from === shelfOf(folder))
}

/** A rule's word allows the folder of that name, and each folder on a shelf of that name. */
const allows = (words: readonly string[] | undefined, folder: string): boolean =>
  words !== undefined &&
  (words.includes(folder) || (SHELVES.includes(shelfOf(folder)) && words.includes(shelfOf(folder))))

const imports = sources.flatMap(importsOf)
const local = imports
  .filter(({ specifier }) => specifier.startsWith('.'))
  .map((entry) => ({ ...entry, target: relative(SRC, resolve(SRC, dirname(entry.file), entry.specifier)) }))
const crossing = local
  .map((entry) => ({ ...entry, from: folderOf(entry.file), to: folderOf(entry.target) }))
  .filter(({ from, to }) => from !== to)
const written = ({ file, specifier }: Import): string => `${file} imports ${specifier}`

test('every folder of src has a rule', () => {
  const folders = new Set(sources.map(folderOf))
  expect([...folders].filter((folder) => ruleFor(folder) === undefined)).toEqual([])
})

test('folders import only what lies below them', () => {
  const wrong = crossing.filter(({ from, to, typeOnly }) => {
    const rule = ruleFor(from)
    return !(allows(rule?.may, to) || (typeOnly && allows(rule?.types, to)))
  })
  expect(wrong.map(written)).toEqual([])
})

test('a folder is imported through its index.ts', () => {
  expect(crossing.filter(({ target }) => !target.endsWith('/index.ts')).map(written)).toEqual([])
})

test('files of one folder do not import their own index.ts', () => {
  const own = local.filter(({ file, target }) => target === join(folderOf(file), 'index.ts') && file !== target)
  expect(own.map(written)).toEqual([])
})

test('roles do not import each other, only their messages', () => {
  const sisters = crossing.filter(
    ({ from, to }) => from.startsWith('roles/') && to.startsWith('roles/') && to !== 'roles/ipc',
  )
  expect(sisters.map(written)).toEqual([])
})

test('the operating system is touched only where the table says', () => {
  const outside = imports.filter(
    ({ file, specifier }) => specifier.startsWith('node:') && !ruleFor(folderOf(file))?.node,
  )
  expect(outside.map(written)).toEqual([])
})

test('built-in modules are written with node:', () => {
  const builtin =
    /^(assert|buffer|child_process|crypto|dgram|dns|events|fs|http|https|net|os|path|process|stream|tls|url|util)(\/|$)/
  expect(imports.filter(({ specifier }) => builtin.test(specifier)).map(written)).toEqual([])
})

test('npm packages are used only where the table says', () => {
  const packages = imports.filter(({ specifier }) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
  const outside = packages.filter(({ file, specifier }) => !ruleFor(folderOf(file))?.packages?.includes(specifier))
  expect(outside.map(written)).toEqual([])
})

test('no folder can be reached from itself', () => {
  const edges = new Map<string, Set<string>>()
  // A type costs nothing at run time, and the table above already bounds which way types travel.
  for (const { from, to, typeOnly } of crossing) if (!typeOnly) edges.set(from, (edges.get(from) ?? new Set()).add(to))
  const cycles: string[] = []
  const visit = (folder: string, path: readonly string[]): void => {
    if (path.includes(folder)) cycles.push([...path.slice(path.indexOf(folder)), folder].join(' → '))
    else for (const next of edges.get(folder) ?? []) visit(next, [...path, folder])
  }
  for (const folder of edges.keys()) visit(folder, [])
  expect(cycles).toEqual([])
})

test('relative imports carry their extension', () => {
  expect(local.filter(({ specifier }) => !/\.(ts|js)$/.test(specifier)).map(written)).toEqual([])
})
