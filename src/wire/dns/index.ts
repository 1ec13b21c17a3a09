/**
 * DNS messages as far as a checker needs them (RFC 1035 §4): one question to bytes, and of an answer its header and its
 * question. It owns nothing and looks nothing up; records are counted, not read, and names are not decompressed beyond
 * the question, where nobody compresses.
 */

export * from './message.ts'
export * from './name.ts'
