import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The checkout, found from the sources (test/lab/library) and from what is built of them (build/tools/…) alike. */
export const repositoryRoot: string = (() => {
  let directory = import.meta.dirname
  while (!existsSync(join(directory, 'package.json'))) directory = dirname(directory)
  return directory
})()
