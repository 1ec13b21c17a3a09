/** Deep equality of immutable model values: plain objects, arrays and primitives; an absent key equals only an absent key. */
export function equal(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(at(a, key), at(b, key)))
  )
}

const at = (of: object, key: string): unknown => (of as Readonly<Record<string, unknown>>)[key]
