/**
 * Echo requests and replies of ICMP (RFC 792) and ICMPv6 (RFC 4443 §4), bytes ⇄ values. Owns nothing; whose reply it is, is
 * for who asked. Errors, which quote what caused them, are the kernel's business.
 */

export * from './echo.ts'
