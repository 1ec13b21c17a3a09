import { createRequire } from 'node:module'

/** From package.json, two folders above this file both as source and as built. */
export const version: string = (createRequire(import.meta.url)('../../package.json') as { version: string }).version
