import process from 'node:process'
import { fileExists } from '../sys/files/index.ts'
import { testConfiguration } from './daemon/config-test.ts'
import { findConfiguration } from './daemon/places.ts'

/** `holdfast config check`: what `holdfastd -t` says; the exit code. */
export function checkConfiguration(file: string | undefined, configId: string | undefined): number {
  const path = findConfiguration(file, fileExists)
  const exitCode = testConfiguration(path, configId, undefined)
  if (exitCode === 0) process.stdout.write(`${path}: nothing to complain of\n`)
  return exitCode
}
