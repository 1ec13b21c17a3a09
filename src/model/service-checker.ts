import type { CheckTarget, CheckTiming } from './checker.ts'

/** Greets a mail server, says HELO and QUIT. */
export type SmtpChecker = {
  readonly kind: 'smtp'
  readonly timing: CheckTiming
  readonly target: CheckTarget
  readonly heloName: string
}

export const dnsTypes = ['A', 'NS', 'CNAME', 'SOA', 'MX', 'TXT', 'AAAA', 'RRSIG', 'DNSKEY'] as const
export type DnsType = (typeof dnsTypes)[number]

/** Asks a name server; any answer without an error will do. */
export type DnsChecker = {
  readonly kind: 'dns'
  readonly timing: CheckTiming
  readonly target: CheckTarget
  /** Labels with dots between them; `.` is the root. */
  readonly name: string
  readonly type: DnsType
}

/** What UDP_CHECK sends where nothing else is asked for, as keepalived 2.2.7: 32 bytes, `keepalived check - keepalived ch`. */
export const USUAL_PAYLOAD = '6b656570616c6976656420636865636b202d206b656570616c69766564206368'

/** Sends a datagram. */
export type UdpChecker = {
  readonly kind: 'udp'
  readonly timing: CheckTiming
  readonly target: CheckTarget
  /** Two hexadecimal digits a byte, in lower case; empty: an empty datagram. */
  readonly payload: string
  /** Something has to come back; absent: that the port is not refused will do. */
  readonly reply?: {
    /** What it has to begin with, two digits a byte, `x` for any; absent: anything. */
    readonly pattern?: string
    /** Bytes; looked at only where there is a pattern (keepalived). */
    readonly minLength: number
    readonly maxLength: number
  }
}

/** Sends an ICMP echo request. The target has port 0. */
export type PingChecker = { readonly kind: 'ping'; readonly timing: CheckTiming; readonly target: CheckTarget }
