import { fail, ok, type Result } from '../../base/index.ts'
import { hfbpf, packageFile } from '../../native/index.ts'
import { type SystemError, systemError } from '../descriptor/index.ts'
import { type BpfMap, mapOf } from './map.ts'
import { BpfProgram } from './program.ts'

export type BpfObject = {
  readonly maps: ReadonlyMap<string, BpfMap>
  readonly programs: ReadonlyMap<string, BpfProgram>
}
/** `log` is what libbpf and the verifier had to say. */
export type LoadError = SystemError & { readonly log: string }

/** Where the package keeps a compiled object. */
export const objectPath = (name: string): string => packageFile(`build/bpf/${name}`)

/**
 * Loads every program of an object.
 * @param entries  sizes of maps that differ from the object's
 * @param reuse    maps that exist and are used instead of new ones; their definitions must agree
 */
export function loadObject(
  path: string,
  entries: Readonly<Record<string, number>>,
  reuse: ReadonlyMap<string, BpfMap>,
): Result<BpfObject, LoadError> {
  const descriptors = Object.fromEntries([...reuse].map(([name, map]) => [name, map.fd]))
  const loaded = hfbpf().load(path, entries, descriptors)
  if ('error' in loaded) return fail({ ...systemError('BPF_PROG_LOAD', loaded.error, path), log: loaded.log })
  const maps = new Map<string, BpfMap>()
  for (const [name, fd] of Object.entries(loaded.maps)) {
    const map = mapOf(fd)
    if (!map.ok) return fail({ ...map.error, log: '' })
    maps.set(name, map.value)
  }
  const programs = new Map(Object.entries(loaded.programs).map(([name, fd]) => [name, new BpfProgram(fd, name)]))
  return ok({ maps, programs })
}
