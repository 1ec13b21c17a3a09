/**
 * Netlink messages as bytes and values: the header, attributes, acknowledgements, and rtnetlink's links, addresses,
 * routes, rules and neighbours (netlink(7), rtnetlink(7), linux/netlink.h, linux/rtnetlink.h). No I/O: src/sys/netlink carries
 * them. Attributes are kept as they came, known or not, so that encoding undoes decoding; what an attribute means is
 * asked of it by `findAttribute`. Decoders point into the bytes they are given and never throw.
 */

export * from './acknowledgement.ts'
export * from './address-message.ts'
export * from './attribute.ts'
export * from './decoded.ts'
export * from './headed-message.ts'
export * from './link-message.ts'
export * from './message.ts'
export * from './neighbour-message.ts'
export * from './next-hop.ts'
export * from './route-message.ts'
export * from './rule-message.ts'
