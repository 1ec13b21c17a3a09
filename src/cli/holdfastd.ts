/** The daemon's command: keepalived's options, one configuration, in the background unless told otherwise. */

import process from 'node:process'
import { fileExists } from '../sys/files/index.ts'
import { systemCalls } from '../sys/process/index.ts'
import { isBackground, startInBackground } from './daemon/background.ts'
import { parseDaemonOptions } from './daemon/options.ts'
import { findConfiguration } from './daemon/places.ts'
import { leave } from './leave.ts'
import { version } from './version.ts'

await leave(await main(process.argv.slice(2)))

async function main(argv: readonly string[]): Promise<number> {
  const parsed = parseDaemonOptions(argv, version)
  if (!parsed.ok) {
    process[parsed.error.stream].write(parsed.error.text)
    return parsed.error.exitCode
  }
  const options = parsed.value
  const system = systemCalls()
  if (!system.ok) {
    process.stderr.write(`holdfastd: ${system.error}\n`)
    return 1
  }
  const path = findConfiguration(options.configurationFile, fileExists)
  if (options.configTest !== undefined) {
    const { testConfiguration } = await import('./daemon/config-test.ts')
    return (await testConfiguration(path, options, options.configTest.file)).exitCode
  }
  if (!options.foreground && !isBackground()) return startInBackground()
  process.title = 'holdfastd'
  const { runDaemon } = await import('./daemon/run.ts')
  return runDaemon(options, path)
}
