import type { LoadOptions } from '../ports.ts'
import type { Predefined } from './definition.ts'

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
        const [low, high] = [Number(parameters[0] ?? 0), Number(parameters[1] ?? 32_767)]
        if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || high < low) return undefined
        return String(low + Math.floor((options.random?.() ?? 0) * (high - low + 1)))
      }
      default:
        return undefined
    }
  }
}
