/**
 * VRRP advertisements, bytes ⇄ values, one file a version (RFC 3768 with RFC 2338's simple text; RFC 9568), the
 * authentication header before the first (RFC 2402), and the HMAC trailer behind either (draft-cassen-vrrp-auth-hmac). It owns no
 * object and looks nothing up: whose message it is and whether it is welcome is for `proto/vrrp`.
 */

export * from './advertisement.ts'
export * from './advertisement-v2.ts'
export * from './advertisement-v3.ts'
export * from './authentication-header.ts'
export { type Decoded, peekVirtualRouterId, type WrongField } from './decoded.ts'
export * from './hmac-trailer.ts'
