/** What the counters of the embedded core mean: by which way out packets left it, and what it noted meanwhile. */

/**
 * `carried`: on its way or answered as it should be. `not-ours`: for nobody here to balance, left to the kernel's stack.
 * `lost`: of a virtual server and not forwarded. `noted`: happened besides; the packet has another way out as well.
 */
export type ExitKind = 'carried' | 'not-ours' | 'lost' | 'noted'

export type ExitMeaning = {
  readonly kind: ExitKind
  readonly meaning: string
  /** What to do where it grows; absent: nothing, or it is the other side's doing. */
  readonly remedy?: string
}

const carried = (meaning: string): ExitMeaning => ({ kind: 'carried', meaning })
const notOurs = (meaning: string): ExitMeaning => ({ kind: 'not-ours', meaning })
const lost = (meaning: string, remedy?: string): ExitMeaning => ({
  kind: 'lost',
  meaning,
  ...(remedy === undefined ? {} : { remedy }),
})
const noted = (meaning: string, remedy?: string): ExitMeaning => ({ ...lost(meaning, remedy), kind: 'noted' })

const LARGER_TABLE = 'raise lvs_settings connection_table_size and restart'

/** By name, as in `forwarding.exits`. */
export const exitMeanings: Readonly<Record<string, ExitMeaning>> = {
  forwarded: carried('to a server'),
  replied: carried('from a server back to its client'),
  'icmp-relayed': carried('an ICMP error about a connection, taken to the other side'),
  local: carried('to a server that is this host'),
  bypassed: carried('where it was going, for its service has no server (cache_bypass)'),
  'reply-seen': carried('from a server, on its way by itself'),
  'not-to-us': notOurs('for another host on the link'),
  'not-ip': notOurs('neither IPv4 nor IPv6'),
  vlan: notOurs('of a VLAN; it comes again on the interface of that VLAN'),
  'other-protocol': notOurs('neither TCP, UDP, SCTP nor ICMP'),
  'icmp-other': notOurs('ICMP about nothing that is balanced'),
  'no-service': notOurs('to no virtual server'),
  'ftp-data': notOurs('from port 20: active FTP is not balanced'),
  'reply-to-stack': notOurs('from a server through its own way to the client'),
  'mark-unused': notOurs('with a firewall mark that has no service'),
  truncated: lost('shorter than its headers say'),
  options: lost('with IP options that cannot be followed'),
  fragment: lost('a fragment that cannot be followed'),
  'no-connection': lost('to a virtual server, of no connection and not opening one; the kernel answers it'),
  'no-destination': lost('no server may take it', 'see to weights, uthreshold and the health of the servers'),
  'destination-removed': lost('of a connection whose server was removed', 'set expire_nodest_conn to end them at once'),
  'table-full': lost('no room for another connection', LARGER_TABLE),
  collision: lost('its ports are those of another connection at this moment; the client sends it again'),
  ttl: lost('its time to live was over'),
  'too-big': lost('larger than the way to its server takes; the sender was told', 'look at the MTU of the way'),
  'no-route': lost('no way to its server', '`ip route get SERVER` tells why'),
  'rewrite-failed': lost('the kernel did not let it be changed; memory may be short'),
  'icmp-suppressed': lost('not forwarded, and its sender not told: too many were told in this second'),
  'stage-missing': lost('the program for its kind is not loaded', 'restart the daemon; its log says why'),
  'fragment-unknown': lost('a later fragment whose first one was not seen'),
  'extension-headers': lost('with more IPv6 extension headers than can be followed'),
  'reply-refused': lost('from a server, of no connection; the server was told (nat_icmp_send)'),
  'no-local-port': lost('FULLNAT: no free port at a local address', 'add addresses to local_address_group'),
  'encapsulation-failed': lost('the kernel did not let it be put into a tunnel; memory may be short'),
  'drop-packet': lost('dropped to save memory, as drop_packet says', 'see amemthresh and drop_packet'),
  checksum: lost('its checksum was wrong'),
  martian: lost('from an address that no packet may come from'),
  'promotion-failed': noted('no room for a half-open connection that was completed', LARGER_TABLE),
  'room-made': noted('the table was full without a daemon; what had expired was removed', 'start the daemon'),
  rescheduled: noted('a finished connection was begun anew with another server (conn_reuse_mode)'),
  'toa-added': noted("a segment told its server the client's address (TOA)"),
  'toa-no-room': noted("a segment had no room for the client's address (TOA)", 'lower the MSS of the service'),
  'drop-entry': noted('a connection was removed at random to save memory, as drop_entry says', LARGER_TABLE),
  evicted: noted(
    'half-open connections that gave way to newer ones',
    'many clients begin and do not go on: a flood of SYN',
  ),
  'fast-lane': noted('forwarded in the driver (xdp)'),
  'path-mtu': noted('a router told the MTU of the way to a tunnel'),
  'nodest-expired': noted('a connection ended as its server was removed (expire_nodest_conn)'),
  'news-told': noted('a connection that other directors are told of (lvs_sync_daemon)'),
  'news-lost': noted(
    'a connection that they are not told of, because too many were at once',
    'raise sync_period in lvs_settings',
  ),
  'news-taken': noted('a connection that another director told of'),
  'news-refused': noted(
    'a connection that another director told of, in the way of one that is here, or without room',
    LARGER_TABLE,
  ),
}

/** A name from a core that knows more ways out than this text counts as a loss, so that it is seen. */
export const exitMeaning = (name: string): ExitMeaning =>
  exitMeanings[name] ?? { kind: 'lost', meaning: 'not known here' }
