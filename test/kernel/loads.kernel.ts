/** Every program that the package ships, before the verifier of the oldest kernel that it is for. */
import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { loadObject, objectPath } from '../../src/sys/bpf/index.ts'

const objects = readdirSync(objectPath('.')).filter((name) => name.endsWith('.bpf.o'))

test('there are programs to load', () => {
  expect(objects).toEqual(
    expect.arrayContaining(['director.bpf.o', 'director-odd.bpf.o', 'director6.bpf.o', 'xdp.bpf.o']),
  )
})

test.each(objects)('the verifier of this kernel takes %s', (name) => {
  const object = loadObject({ path: objectPath(name), reuse: new Map() })
  if (!object.ok)
    throw new Error(`${object.error.message}\n${object.error.log.trim().split('\n').slice(-40).join('\n')}`)
  expect(object.value.programs.size).toBeGreaterThan(0)
  for (const one of [...object.value.maps.values(), ...object.value.programs.values()]) one.close()
})
