/**
 * Tells where in a text the next of some strings begins, `text.length` if there is none; asked for places in ascending order. Searches of
 * one string at a time go through a large text ten times sooner than an expression for all.
 */
export function nextOf(text: string, wanted: readonly string[]): (from: number) => number {
  const find = (one: string, from: number): number => {
    const at = text.indexOf(one, from)
    return at < 0 ? text.length : at
  }
  const places = wanted.map((one) => find(one, 0))
  let nearest = Math.min(...places)
  return (from) => {
    if (nearest >= from) return nearest
    for (const [index, one] of wanted.entries()) if ((places[index] as number) < from) places[index] = find(one, from)
    nearest = Math.min(...places)
    return nearest
  }
}
