import process from 'node:process'
import { exitCodeForTest, loadConfiguration, render } from '../../config/index.ts'
import { configurationFiles, shortHostName } from '../../sys/files/index.ts'
import type { TestRequest, TestResult } from './config-test.ts'

/** Reads the file and what it includes, and says what there is to complain of. */
export function carryOut({ path, color, configId, strict, everyInclude }: TestRequest): TestResult {
  const loaded = loadConfiguration(configurationFiles, path, {
    configId: configId ?? shortHostName(),
    testing: true,
    strict,
    everyInclude,
    environment: process.env,
  })
  return { exitCode: exitCodeForTest(loaded, strict), text: render(loaded.diagnostics, loaded.sources, { color }) }
}
