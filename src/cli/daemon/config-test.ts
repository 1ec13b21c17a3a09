import process from 'node:process'
import { exitCodeForTest, loadConfiguration, render } from '../../config/index.ts'
import { appendText, configurationFiles, shortHostName } from '../../sys/files/index.ts'

/**
 * `-t`: prints all diagnostics with place and caret, to standard error or to the end of a file.
 * @returns the exit code
 */
export function testConfiguration(path: string, configId: string | undefined, file: string | undefined): number {
  const { diagnostics, sources } = loadConfiguration(configurationFiles, path, {
    configId: configId ?? shortHostName(),
    testing: true,
    environment: process.env,
  })
  const color = file === undefined && process.stderr.isTTY === true && process.env['NO_COLOR'] === undefined
  const text = render(diagnostics, sources, { color })
  if (file === undefined) process.stderr.write(text)
  else {
    const written = appendText(file, text)
    if (!written.ok) {
      process.stderr.write(`holdfastd: ${written.error.message}\n`)
      return 1
    }
  }
  return exitCodeForTest(diagnostics)
}
