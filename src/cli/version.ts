import { createRequire } from 'node:module'

/** From package.json, two folders above this file as source, as compiled and as bundled. */
export const version: string = (createRequire(import.meta.url)('../../package.json') as { version: string }).version
