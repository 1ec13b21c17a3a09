/**
 * HTTP/2 (RFC 9113) and its header compression (RFC 7541), as far as a client needs them that makes one call on each connection.
 * Frames and header blocks are decoded here and not by Node, whose own client ends the process over a header that breaks off.
 * Pure: it opens nothing and knows no time. It offers no push, no priorities and no second stream; what it sends fits in one frame.
 */

export { type Call, type CallEvent, Http2Call } from './call.ts'
export { encodeFrame, type Frame, FrameReader, frameFlags, frameTypes, LONGEST_FRAME } from './frame.ts'
export { encodeHeaders, HeaderDecoder, type HeaderFault, type HeaderField } from './hpack.ts'
export { decodeHuffman } from './huffman.ts'
