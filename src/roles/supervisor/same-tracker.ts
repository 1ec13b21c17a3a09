/**
 * Whether two trackers of a configuration mean the same, but for the weight, which whoever tracks it has for himself. Values of the
 * model are made in one way: equal text is equal meaning.
 */
export const sameButForWeight = (a: object, b: object): boolean => plain(a) === plain(b)

const plain = (of: object): string => JSON.stringify({ ...of, weight: undefined })
