/** Loading programs, and those that another one hands packets to. */

import { fail, type Result } from '../../base/index.ts'
import {
  type BpfMap,
  type BpfObject,
  type LoadError,
  loadObject,
  loadObjectLater,
  type ObjectPlan,
  objectPath,
} from '../../sys/bpf/index.ts'
import type { Unsupported } from '../index.ts'
import { refused, unsupported } from './load-error.ts'
import type { Sliced } from './slices.ts'
import { u32 } from './struct.ts'

/** Loads an object; the kernel looks some tenths of a second at a large one, and nobody need wait for that. */
export function* loading(plan: ObjectPlan): Sliced<Result<BpfObject, LoadError>> {
  let loaded: Result<BpfObject, LoadError> | undefined
  yield {
    now() {
      loaded = loadObject(plan)
    },
    async meanwhile() {
      loaded = await loadObjectLater(plan)
    },
  }
  if (loaded === undefined) throw new Error(`${plan.path} was not loaded`)
  return loaded
}

/**
 * Loads one more program around maps that are there, and puts it where the others call it.
 * @param stage  its place in `stages`
 */
export function* loadingStage(
  file: string,
  name: string,
  stage: number,
  stages: BpfMap,
  maps: ReadonlyMap<string, BpfMap>,
): Sliced<Result<void, Unsupported>> {
  const object = yield* loading({ path: objectPath(file), reuse: maps })
  if (!object.ok) return refused(object.error)
  for (const map of object.value.maps.values()) map.close()
  const program = object.value.programs.get(name)
  if (program === undefined) throw new Error(`${file} has no program ${name}`)
  const placed = stages.update(u32(stage), u32(program.fd))
  for (const one of object.value.programs.values()) one.close()
  return placed.ok ? placed : fail(unsupported(placed.error))
}
