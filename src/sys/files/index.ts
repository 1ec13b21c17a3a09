/**
 * Small files of the daemon (pid files, dumps, kept state), what /proc tells, random numbers, and the reading of configurations. Every
 * write replaces the whole file or nothing, but for `overwriteText`. Owns no descriptor beyond a call.
 */

export * from './configuration-files.ts'
export * from './host-name.ts'
export { driverOfInterface } from './interface-driver.ts'
export * from './link-target.ts'
export * from './random-word.ts'
export * from './small-files.ts'
export * from './system.ts'
export { watchFile } from './watch-file.ts'
