import type { LoadOptions } from '../ports.ts'
import type { Predefined } from './definition.ts'

const MOST_RANDOM = 32_767

/** The names that need no definition; a definition of the same name goes before (keepalived.conf(5)). */
export function predefinedNames(options: LoadOptions, directory: string): Predefined {
  return (name, parameters) => {
    switch (name) {
      case '_PWD':
        return directory
      case '_INSTANCE':
        return options.configId
      case '_HASH':
        return '#'
      case '_BANG':
        return '!'
      case '_ENV':
        return parameters[0] === undefined ? undefined : (options.environment?.[parameters[0]] ?? '')
      case '_RANDOM': {
        const first = Number(parameters[0] ?? 0)
        const second = Number(parameters[1] ?? Math.max(first, MOST_RANDOM))
        if (!Number.isSafeInteger(first) || !Number.isSafeInteger(second)) return undefined
        const [low, high] = [Math.min(first, second), Math.max(first, second)]
        return String(low + Math.floor((options.random?.() ?? 0) * (high - low + 1)))
      }
      default:
        return undefined
    }
  }
}
