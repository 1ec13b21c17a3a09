/** What it means that advertisements are refused for a reason, and what to look at. */
const meanings: Readonly<Record<string, string>> = {
  length: 'too short, cut off or too long',
  ttl: 'not sent from this link, or from further than is set for the peer',
  version: 'another version of VRRP; compare `version`',
  type: 'not an advertisement',
  'address-count': 'without an address',
  interval: 'another advertisement interval; compare `advert_int`',
  checksum: 'damaged, or summed up in another way; compare `version` and `v3_checksum_as_v2`',
  'authentication-type-unknown': 'authenticated in a way that is not known',
  'authentication-type': 'authenticated in another way, or not at all; compare `auth_type`',
  authentication: 'with another password; compare `auth_pass`, or give the other cluster another virtual_router_id',
  'authentication-replay': 'a copy of an earlier one',
  destination: 'to another group, or multicast to a unicast virtual router; compare `unicast_peer`',
  source: 'from an address that is no peer; compare `unicast_peer`',
  'address-list': 'with other addresses than ours, which strict mode refuses; compare `virtual_ipaddress`',
  'owner-ignores': 'it owns the addresses and ignores all (owner_ignore_adverts)',
  'hmac-missing': 'not signed; give the sender `auth_hmac`, or set `mode permissive` meanwhile',
  'hmac-malformed': 'with a signature that cannot be read',
  'hmac-unknown-key': 'signed with a key that is not known; compare the ids of `auth_hmac`',
  'hmac-invalid': 'signed with another key; compare the keys of `auth_hmac`',
  'hmac-stale': 'signed too long ago, or in the future; compare the clocks',
  'hmac-replay': 'a copy of an earlier one',
}

/** In words; the reason's own name where nothing is known of it. */
export const rejectionMeaning = (reason: string): string => meanings[reason] ?? reason
