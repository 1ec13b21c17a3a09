import { hfsys } from '../../native/index.ts'

/** In the kernel's order: the place in the list is the number (linux/capability.h). */
const CAPABILITIES = [
  'chown',
  'dac_override',
  'dac_read_search',
  'fowner',
  'fsetid',
  'kill',
  'setgid',
  'setuid',
  'setpcap',
  'linux_immutable',
  'net_bind_service',
  'net_broadcast',
  'net_admin',
  'net_raw',
  'ipc_lock',
  'ipc_owner',
  'sys_module',
  'sys_rawio',
  'sys_chroot',
  'sys_ptrace',
  'sys_pacct',
  'sys_admin',
  'sys_boot',
  'sys_nice',
  'sys_resource',
  'sys_time',
  'sys_tty_config',
  'mknod',
  'lease',
  'audit_write',
  'audit_control',
  'setfcap',
  'mac_override',
  'mac_admin',
  'syslog',
  'wake_alarm',
  'block_suspend',
  'audit_read',
  'perfmon',
  'bpf',
  'checkpoint_restore',
] as const

/** As in capabilities(7), in lower case and without `CAP_`. */
export type Capability = (typeof CAPABILITIES)[number]

/** Every number the kernel may know; those without a name yet too. */
export const CAPABILITY_COUNT = 64

export const capabilityNumber = (capability: Capability): number => CAPABILITIES.indexOf(capability)

/** Words of capget(2): effective, permitted, inheritable of capabilities 0-31, then of 32-63. */
export function capabilitySets(kept: readonly Capability[]): Uint32Array {
  const words = new Uint32Array(6)
  for (const capability of kept) {
    const number = capabilityNumber(capability)
    const word = number < 32 ? 0 : 3
    const bit = 2 ** (number % 32)
    words[word] = (words[word] as number) + bit
    words[word + 1] = (words[word + 1] as number) + bit
  }
  return words
}

/** Whether it is in the effective set now. */
export function hasCapability(capability: Capability): boolean {
  const words = new Uint32Array(6)
  if (hfsys().capget(words) < 0) return false
  const number = capabilityNumber(capability)
  return ((words[number < 32 ? 0 : 3] as number) & (1 << (number % 32))) !== 0
}
