/**
 * Text to nodes: parse() over the parser that is generated from grammar/keepalived.peggy, and the table of every keyword
 * of the language. A node is what was written; what it means is found out in check/ and lower/. Follows keepalived.conf(5)
 * for words, quotes and blocks.
 */

export { LazyBlock } from './blocks.ts'
export type { BlockNode, Node, Tree, Word } from './node.ts'
export { commandArguments, parse } from './parse.ts'
