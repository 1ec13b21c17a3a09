/**
 * What every descriptor needs: errors as values and a callback when it is readable. The other folders of sys build on
 * this one; it owns the watch, its callers own the descriptor. It knows nothing of what is read.
 */

export * from './descriptor.ts'
export * from './filter-program.ts'
export * from './polled-descriptor.ts'
export * from './system-error.ts'
