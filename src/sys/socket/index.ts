/**
 * Sockets that Node does not have: raw IP for VRRP, UDP with the hop limit of each datagram, and whole Ethernet frames. Owns their descriptors; each is closed by
 * whoever opened it. The vrrp role receives and sends through it; what a message means is not known here, and no packet
 * that arrives, however odd, stops a socket. Addresses follow ip(7), ipv6(7), raw(7), packet(7), RFC 3542.
 */

export { openClaimSocket } from './claim-socket.ts'
export { openFrameSocket } from './frame-socket.ts'
export { openLinkSocket } from './link-socket.ts'
export type * from './ports.ts'
export {
  openSyncReceiver,
  openSyncSender,
  type SyncEndpoint,
  type SyncReceiver,
  type SyncSender,
} from './sync-socket.ts'
export { openUdpReceiver, openUdpSender } from './udp-socket.ts'
export { openVrrpSocket, VRRP_RECEIVE_BUFFER } from './vrrp-socket.ts'
