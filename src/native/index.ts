/**
 * The native addons: hfsys, the system calls that Node lacks, hfbpf, bpf(2), and hfpcre, PCRE2. Each is loaded at its first use, so a
 * role carries only what it calls. For src/sys; nobody else makes system calls. Bytes and numbers in, bytes or -errno
 * out: what they mean is decided above.
 */

export {
  type Hfbpf,
  hfbpf,
  type LoadedObject,
  type LoadRefusal,
  type MapInfo,
  openHfbpf,
  type RingHandle,
  type TestRun,
} from './hfbpf.ts'
export { type Hfpcre, openHfpcre, type PatternHandle } from './hfpcre.ts'
export { type Hfsys, hfsys, type Outcome, probeHfsys, type Watch } from './hfsys.ts'
export { loadAddon } from './load-addon.ts'
export { packageFile } from './package-file.ts'
