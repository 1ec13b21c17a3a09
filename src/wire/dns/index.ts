/**
 * DNS messages as far as a client needs them (RFC 1035 §4, SRV of RFC 2782): one question to bytes, of an answer its header and
 * its question, and for who wants them its records of addresses, aliases and services. It owns nothing and looks nothing up;
 * other records are passed over, and so are authority and additional sections. No EDNS: what does not fit into 512 bytes is
 * asked again over TCP.
 */

export * from './message.ts'
export * from './name.ts'
export * from './records.ts'
export * from './stream.ts'
