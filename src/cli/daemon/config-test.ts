import { statSync } from 'node:fs'
import process from 'node:process'
import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'
import { appendText } from '../../sys/files/index.ts'
import { programFile } from '../../sys/process/index.ts'

export type TestOptions = { readonly configId?: string; readonly strict: boolean; readonly everyInclude: boolean }

/** What a test of a file comes to; `text` is empty if there is nothing to complain of. */
export type TestResult = { readonly exitCode: number; readonly text: string }

export type TestRequest = TestOptions & { readonly path: string; readonly color: boolean }

/** Of a file as long as this, bytes. */
const LARGE = 1_048_576
/** The daemon's processes are small, and have little room for what is young; reading a large file makes a lot of that. */
const YOUNG_MEGABYTES = 16

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
  const result = large ? await testAside(request) : await testHere(request)
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

async function testHere(request: TestRequest): Promise<TestResult> {
  const { carryOut } = await import('./config-test-run.ts')
  return carryOut(request)
}

/** In a thread with room of its own; the reader of configurations is loaded there only. */
function testAside(request: TestRequest): Promise<TestResult> {
  // The flag that keeps the daemon small goes before a thread's own `resourceLimits`; a thread takes it as it is when it starts.
  setFlagsFromString(`--max-semi-space-size=${YOUNG_MEGABYTES}`)
  const worker = new Worker(programFile('config-test-thread'), { workerData: request })
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}
