import { fileURLToPath } from 'node:url'

/**
 * Where the package keeps what is built. This file lies two folders below the package root as source (src/native), as compiled
 * (dist/native) and in what is bundled (dist/program), so one relative path serves all.
 * @param path from the root
 */
export const packageFile = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
