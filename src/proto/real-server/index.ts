/**
 * What a real server's host needs so that packets to a virtual address, which direct routing and tunnels hand on unchanged,
 * are taken there, while ARP for it is left to the director (LVS-HOWTO, "the ARP problem"). Pure: from what is wanted and what
 * is there to what is wrong; a fault says enough to mend it.
 */

export * from './faults.ts'
export {
  type Arrival,
  type KernelSetting,
  type TunnelLink,
  type WantedOnRealServer,
  wantedOnRealServer,
} from './wanted.ts'
