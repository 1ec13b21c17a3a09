/**
 * `holdfast ipvsadm`: ipvsadm 1.31's command line over a forwarding backend: the embedded core, through the daemon or without
 * one, and the kernel's IPVS. Parsing, checks, text and restore are values; only `run` reads, looks up and prints. What it
 * does otherwise than ipvsadm stands in docs/ipvsadm.md.
 */

export { helpText } from './help-text.ts'
export { type Program, programs, runIpvsadm } from './run.ts'
