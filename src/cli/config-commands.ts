import { resolve } from 'node:path'
import process from 'node:process'
import { exitCodeForTest, loadConfiguration, type Plan, plan, render } from '../config/index.ts'
import type { Configuration } from '../model/index.ts'
import { configurationFiles, fileExists, fullHostName, shortHostName } from '../sys/files/index.ts'
import { type ReviewFormat, tellDiagnostics } from './config-review.ts'
import { testConfiguration } from './daemon/config-test.ts'
import { findConfiguration } from './daemon/places.ts'
import { askDaemon, complain } from './daemon-request.ts'
import { planText } from './plan-text.ts'

/** `holdfast config check`: what `holdfastd -t` says, or the same for a program; the exit code. */
export async function checkConfiguration(
  file: string | undefined,
  configId: string | undefined,
  format: ReviewFormat = 'text',
): Promise<number> {
  const path = findConfiguration(file, fileExists)
  if (format !== 'text') return exitCodeForTest(tellDiagnostics(path, configId, format))
  const options = { strict: false, everyInclude: false, ...(configId === undefined ? {} : { configId }) }
  const { exitCode, text } = await testConfiguration(path, options, undefined)
  if (text === '') process.stdout.write(`${path}: nothing to complain of\n`)
  return exitCode
}

export type DiffOptions = { readonly configId?: string; readonly json?: true; readonly runDir: string }

/**
 * `holdfast config diff`: what a reload of the daemon with a file, or from one file to another, would do; exit code 0 when
 * nothing, 1 when something, 2 when it would be refused or there is no answer.
 */
export async function diffConfigurations(files: readonly string[], options: DiffOptions): Promise<number> {
  const [before, after] = files
  if (before === undefined || after === undefined) return diffWithDaemon(before, options)
  const old = load(resolve(before), options.configId)
  const fresh = load(resolve(after), options.configId)
  if (old === undefined || fresh === undefined) return 2
  const changes = plan(old, fresh)
  process.stdout.write(options.json ? `${JSON.stringify({ changes }, undefined, 2)}\n` : planText(changes))
  return changes.length === 0 ? 0 : 1
}

async function diffWithDaemon(file: string | undefined, { json, runDir }: DiffOptions): Promise<number> {
  let answer: { readonly refused?: string; readonly changes?: Plan } = {}
  const request = { request: 'plan', ...(file === undefined ? {} : { file: resolve(file) }) }
  const asked = await askDaemon(runDir, request, ({ type: _, ...told }) => {
    answer = told
    return 'enough'
  })
  if (!asked.ok) {
    complain(asked.error)
    return 2
  }
  const { refused, changes = [] } = answer
  if (json) process.stdout.write(`${JSON.stringify(answer, undefined, 2)}\n`)
  else {
    process.stdout.write(planText(changes))
    if (refused !== undefined) complain(`a reload would be refused, and nothing changed:\n${refused}`)
  }
  return refused !== undefined ? 2 : changes.length === 0 ? 0 : 1
}

/** The configuration of a file; undefined, after its errors are printed, when there is none. */
function load(path: string, configId: string | undefined): Configuration | undefined {
  const { configuration, diagnostics, sources } = loadConfiguration(configurationFiles, path, {
    configId: configId ?? shortHostName(),
    hostName: fullHostName(),
    environment: process.env,
  })
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) process.stderr.write(render(errors, sources, { color: false }))
  return configuration
}
