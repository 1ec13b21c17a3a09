/**
 * `holdfast arping`: who on a link has an address, whether anybody else has it, and telling the link that we do; options, output
 * and exit codes of iputils' arping, and IPv6 by neighbour discovery. And `holdfast announce`, which tells about addresses of
 * this host. Needs CAP_NET_RAW. Owns one socket while it runs.
 */

export { type AnnounceOptions, announce } from './announce.ts'
export { runArping } from './run.ts'
