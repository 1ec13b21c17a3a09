/**
 * Says by its exit code whether node_modules holds what package-lock.json asks for: 0 when every package is there in its
 * version, 1 when `npm ci` is due. Compares the lock with npm's own record, so that it costs some milliseconds.
 */
import { readFileSync } from 'node:fs'

const packagesOf = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch (error) {
    if (error.code === 'ENOENT') return {}
    throw error
  }
}

const wanted = packagesOf('package-lock.json')
const present = packagesOf('node_modules/.package-lock.json')
const missing = Object.keys(wanted).filter(
  // Optional packages are those of other platforms; npm leaves them out.
  (path) => path !== '' && !wanted[path].optional && present[path]?.version !== wanted[path].version,
)
process.exit(missing.length === 0 ? 0 : 1)
