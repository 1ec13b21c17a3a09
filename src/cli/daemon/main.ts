import process from 'node:process'
import { fileExists } from '../../sys/files/index.ts'
import { systemCalls } from '../../sys/process/index.ts'
import { leave } from '../leave.ts'
import { version } from '../version.ts'
import { isBackground, startInBackground } from './background.ts'
import type { HeldSignals } from './held-signals.ts'
import { parseDaemonOptions } from './options.ts'
import { findConfiguration, withPlaces } from './places.ts'

/** What the command line asks for, until the process ends. */
export const main = async (held: HeldSignals): Promise<never> => leave(await run(process.argv.slice(2), held))

async function run(argv: readonly string[], held: HeldSignals): Promise<number> {
  const parsed = parseDaemonOptions(argv, version)
  if (!parsed.ok) {
    process[parsed.error.stream].write(parsed.error.text)
    return parsed.error.exitCode
  }
  const placed = withPlaces(parsed.value)
  if (!placed.ok) {
    process.stderr.write(`holdfastd: ${placed.error}\n`)
    return 1
  }
  const options = placed.value
  const system = systemCalls()
  if (!system.ok) {
    process.stderr.write(`holdfastd: ${system.error}\n`)
    return 1
  }
  const path = findConfiguration(options.configurationFile, fileExists)
  if (options.configTest !== undefined) {
    held.release()
    const { testConfiguration } = await import('./config-test.ts')
    return (await testConfiguration(path, options, options.configTest.file)).exitCode
  }
  if (!options.foreground && !isBackground()) {
    held.release()
    return startInBackground()
  }
  // A daemon keeps no file system busy.
  if (isBackground()) process.chdir('/')
  process.title = 'holdfastd'
  const { runDaemon } = await import('./run.ts')
  return runDaemon(options, path, held)
}
