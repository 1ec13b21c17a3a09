/**
 * A filter in the kernel for VRRP sockets that are being flooded (src/bpf/vrrp-guard.bpf.c): what is for nobody here and what
 * comes again within five milliseconds is counted there and wakes nobody. Owns the program and its maps; the socket is its
 * opener's, who says when. Needs libbpf and the right to load programs, and is loaded only when it is wanted. What random bytes a
 * stranger sends to a virtual router that is known it lets by: nothing tells them from the real ones but looking.
 */

export { type FloodGuard, type GuardedSocket, openFloodGuard, type SocketKind, type TakenOut } from './flood-guard.ts'
