/**
 * Copies the npm packages that the running program needs, and no others, from node_modules to a directory: those that
 * package-lock.json does not mark as development only. Needs no network, so that `make install` works in a build chroot.
 */
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const [target] = process.argv.slice(2)
if (target === undefined) {
  process.stderr.write('usage: install-modules.mjs DIRECTORY\n')
  process.exit(2)
}
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'))
for (const [path, { dev }] of Object.entries(packages))
  if (path !== '' && !dev) cpSync(path, join(target, path), { recursive: true, dereference: true })
