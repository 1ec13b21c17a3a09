/**
 * BFD control packets, bytes ⇄ values (RFC 5880 §4.1). It owns no object and looks nothing up: whose packet it is, and what
 * it changes, is for `proto/bfd`. Authentication sections and echo packets are not read: nobody here agrees to them.
 */

export * from './control-packet.ts'
