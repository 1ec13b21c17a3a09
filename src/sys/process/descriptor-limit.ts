import { readText } from '../files/index.ts'

/** How many descriptors this process may have open at a time (RLIMIT_NOFILE; Node.js raises it as far as it may at its start). */
export function descriptorLimit(): number {
  const limits = readText('/proc/self/limits')
  const found = limits.ok ? /^Max open files +(\d+|unlimited)/m.exec(limits.value)?.[1] : undefined
  if (found === 'unlimited') return Number.POSITIVE_INFINITY
  return found === undefined ? DEBIAN_DEFAULT : Number(found)
}

const DEBIAN_DEFAULT = 1024
