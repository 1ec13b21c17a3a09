import { fail, ok, type Result } from '../../base/index.ts'
import { hfbpf, type LoadedObject, type LoadRefusal, packageFile } from '../../native/index.ts'
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

/** The verifier was interrupted, by a debugger or a freeze of the group: signals it never sees. Each time libbpf has tried five times. */
const MOST_ATTEMPTS = 3
const EAGAIN = -11

export type ObjectPlan = {
  readonly path: string
  /** Sizes of maps that differ from the object's. */
  readonly entries?: Readonly<Record<string, number>>
  /** Maps that exist and are used instead of new ones; their definitions must agree. */
  readonly reuse: ReadonlyMap<string, BpfMap>
}

/** Loads every program of an object; nothing else runs meanwhile, for some tenths of a second where programs are large. */
export function loadObject({ path, entries = {}, reuse }: ObjectPlan): Result<BpfObject, LoadError> {
  const descriptors = descriptorsOf(reuse)
  let loaded = hfbpf().load(path, entries, descriptors)
  for (let attempts = 1; wasInterrupted(loaded) && attempts < MOST_ATTEMPTS; attempts++)
    loaded = hfbpf().load(path, entries, descriptors)
  return objectOf(path, loaded)
}

/** As `loadObject`; a thread waits for the kernel. The maps to reuse stay open until then. */
export async function loadObjectLater({
  path,
  entries = {},
  reuse,
}: ObjectPlan): Promise<Result<BpfObject, LoadError>> {
  const descriptors = descriptorsOf(reuse)
  let loaded = await hfbpf().loadLater(path, entries, descriptors)
  for (let attempts = 1; wasInterrupted(loaded) && attempts < MOST_ATTEMPTS; attempts++)
    loaded = await hfbpf().loadLater(path, entries, descriptors)
  return objectOf(path, loaded)
}

const descriptorsOf = (maps: ReadonlyMap<string, BpfMap>): Readonly<Record<string, number>> =>
  Object.fromEntries([...maps].map(([name, map]) => [name, map.fd]))

const wasInterrupted = (loaded: LoadedObject | LoadRefusal): boolean => 'error' in loaded && loaded.error === EAGAIN

function objectOf(path: string, loaded: LoadedObject | LoadRefusal): Result<BpfObject, LoadError> {
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
