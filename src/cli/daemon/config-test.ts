import { statSync } from 'node:fs'
import process from 'node:process'
import { Worker } from 'node:worker_threads'
import { exitCodeForTest, loadConfiguration, render } from '../../config/index.ts'
import { appendText, configurationFiles, shortHostName } from '../../sys/files/index.ts'

export type TestOptions = { readonly configId?: string; readonly strict: boolean; readonly everyInclude: boolean }

/** What a test of a file comes to; `text` is empty if there is nothing to complain of. */
export type TestResult = { readonly exitCode: number; readonly text: string }

export type TestRequest = TestOptions & { readonly path: string; readonly color: boolean }

/** Of a file as long as this, bytes. */
const LARGE = 1_048_576
/** The daemon's processes are small, and have little room for what is young; reading a large file makes a lot of that. */
const YOUNG_MEGABYTES = 48

/**
 * `-t`: prints all diagnostics with place and caret, to standard error or to the end of a file.
 * @returns the exit code, and what was printed
 */
export async function testConfiguration(
  path: string,
  options: TestOptions,
  file: string | undefined,
): Promise<TestResult> {
  const color = file === undefined && process.stderr.isTTY === true && process.env['NO_COLOR'] === undefined
  const request = { path, color, ...options }
  const large = (statSync(path, { throwIfNoEntry: false })?.size ?? 0) >= LARGE
  const result = large ? await testAside(request) : carryOut(request)
  if (file === undefined) process.stderr.write(result.text)
  else {
    const written = appendText(file, result.text)
    if (!written.ok) {
      process.stderr.write(`holdfastd: ${written.error.message}\n`)
      return { ...result, exitCode: 1 }
    }
  }
  return result
}

export function carryOut({ path, color, configId, strict, everyInclude }: TestRequest): TestResult {
  const { diagnostics, sources } = loadConfiguration(configurationFiles, path, {
    configId: configId ?? shortHostName(),
    testing: true,
    strict,
    everyInclude,
    environment: process.env,
  })
  return { exitCode: exitCodeForTest(diagnostics, strict), text: render(diagnostics, sources, { color }) }
}

/** In a thread with room of its own. */
function testAside(request: TestRequest): Promise<TestResult> {
  const worker = new Worker(new URL('./config-test-thread.js', import.meta.url), {
    workerData: request,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
  })
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}
