/** Programs that another one hands packets to. */

import { fail, type Result } from '../../base/index.ts'
import { type BpfMap, loadObject, objectPath } from '../../sys/bpf/index.ts'
import type { Unsupported } from '../index.ts'
import { refused, unsupported } from './load-error.ts'
import { u32 } from './struct.ts'

/**
 * Loads one more program around maps that are there, and puts it where the others call it.
 * @param stage  its place in `stages`
 */
export function loadStage(
  file: string,
  name: string,
  stage: number,
  stages: BpfMap,
  maps: ReadonlyMap<string, BpfMap>,
): Result<void, Unsupported> {
  const object = loadObject(objectPath(file), {}, maps)
  if (!object.ok) return refused(object.error)
  for (const map of object.value.maps.values()) map.close()
  const program = object.value.programs.get(name)
  if (program === undefined) throw new Error(`${file} has no program ${name}`)
  const placed = stages.update(u32(stage), u32(program.fd))
  for (const one of object.value.programs.values()) one.close()
  return placed.ok ? placed : fail(unsupported(placed.error))
}
