import type { IpAddress } from '../../base/index.ts'

/** Send one gratuitous ARP (IPv4) or one unsolicited neighbour advertisement (IPv6). */
export type AnnouncementAction = { readonly type: 'announce'; readonly address: IpAddress }
