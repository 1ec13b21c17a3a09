import { hostname } from 'node:os'
import { resolve } from 'node:path'
import process from 'node:process'
import {
  type Changes,
  type ConfigurationDiff,
  diff,
  exitCodeForTest,
  loadConfiguration,
  print,
  render,
} from '../config/index.ts'
import type { Configuration } from '../model/index.ts'
import { configurationFiles, fileExists, shortHostName } from '../sys/files/index.ts'
import { type ReviewFormat, tellDiagnostics } from './config-review.ts'
import { testConfiguration } from './daemon/config-test.ts'
import { findConfiguration } from './daemon/places.ts'

/** `holdfast config check`: what `holdfastd -t` says, or the same for a program; the exit code. */
export function checkConfiguration(
  file: string | undefined,
  configId: string | undefined,
  format: ReviewFormat = 'text',
): number {
  const path = findConfiguration(file, fileExists)
  if (format !== 'text') return exitCodeForTest(tellDiagnostics(path, configId, format))
  const exitCode = testConfiguration(path, configId, undefined)
  if (exitCode === 0) process.stdout.write(`${path}: nothing to complain of\n`)
  return exitCode
}

/** `holdfast config print`: the configuration as understood, passwords hidden; the exit code. */
export function printConfiguration(file: string | undefined, configId: string | undefined): number {
  const loaded = load(findConfiguration(file, fileExists), configId)
  if (loaded === undefined) return 1
  process.stdout.write(print(loaded))
  return 0
}

/** `holdfast config diff`: what a reload would change; exit code 0 when nothing, 1 when something, 2 for no answer. */
export function diffConfigurations(before: string, after: string, configId: string | undefined): number {
  const old = load(resolve(before), configId)
  const fresh = load(resolve(after), configId)
  if (old === undefined || fresh === undefined) return 2
  const changes = diff(old, fresh)
  process.stdout.write(diffText(changes))
  return changes.empty ? 0 : 1
}

/** The configuration of a file; undefined, after its errors are printed, when there is none. */
function load(path: string, configId: string | undefined): Configuration | undefined {
  const { configuration, diagnostics, sources } = loadConfiguration(configurationFiles, path, {
    configId: configId ?? shortHostName(),
    hostName: hostname(),
    environment: process.env,
  })
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) process.stderr.write(render(errors, sources, { color: false }))
  return configuration
}

function diffText(changes: ConfigurationDiff): string {
  const { virtualRouters, syncGroups, trackScripts, trackFiles, virtualServers, globalChanged, empty } = changes
  if (empty) return 'no changes\n'
  const lines = [
    ...(globalChanged ? ['~ global_defs'] : []),
    ...changeLines(virtualRouters, (key, { name }) => `vrrp_instance ${name} (${key})`),
    ...changeLines(trackScripts, (name) => `vrrp_script ${name}`),
    ...changeLines(trackFiles, (name) => `track_file ${name}`),
    ...changeLines(syncGroups, (name) => `vrrp_sync_group ${name}`),
    ...changeLines(virtualServers, (key) => `virtual_server ${key}`),
  ]
  return `${lines.join('\n')}\n`
}

/** `+` added, `-` removed, `~` changed in place, `!` begins anew; objects that stay as they are have no line. */
function changeLines<T>(changes: Changes<T>, describe: (key: string, object: T) => string): readonly string[] {
  return [
    ...changes.removed.map(({ key, before }) => `- ${describe(key, before)}`),
    ...changes.added.map(({ key, after }) => `+ ${describe(key, after)}`),
    ...changes.changed
      .filter(({ verdict }) => verdict !== 'keep')
      .map(({ key, after, verdict }) => `${verdict === 'restart' ? '!' : '~'} ${describe(key, after)}`),
  ]
}
