/** What came and went, and what was not taken; by these names they are shown. */
const names = [
  'messages-sent',
  'connections-sent',
  /** The socket had no room, or the interface was down. */
  'send-failed',
  'messages-received',
  /** Came faster than they were taken, and found the socket full. */
  'messages-overflowed',
  'connections-entered',
  'connections-renewed',
  /** In the way of one that is here, or without room. */
  'connections-refused',
  /** With flags, a state, a protocol or a family that cannot be. */
  'connections-invalid',
  /** From this host, or from none of the interface's networks. */
  'wrong-source',
  /** Not signed by a key of ours. */
  'unauthenticated',
  /** Signed, and heard before, or too far from our clock. */
  'replayed',
  /** Shorter than a header. */
  'too-short',
  /** Its size is not what it says. */
  'wrong-size',
  'wrong-sync-id',
  /** Entries that were left out because they, or what follows them, cannot be read. */
  'malformed-entries',
  /** All connections handed over to another, and fetched from one. */
  'catch-ups-told',
  'catch-ups-taken',
  /** Begun, and not brought to an end. */
  'catch-up-broken',
  /** Asked too often, or spoken to without an offer of ours. */
  'catch-up-refused',
  'catch-up-malformed',
] as const

export type SyncCounterName = (typeof names)[number]
export type SyncCounters = { [Name in SyncCounterName]: number }

export const noSyncCounters = (): SyncCounters => Object.fromEntries(names.map((name) => [name, 0])) as SyncCounters
