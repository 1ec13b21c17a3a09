/**
 * `holdfast capture`: what directors say to each other and to the link, a line each: VRRP, ARP and neighbour advertisements about
 * virtual addresses, BFD, synchronisation of connections; with the reason why our daemon would pass it over. Receives only.
 */

export { type CaptureOptions, runCapture } from './run.ts'
