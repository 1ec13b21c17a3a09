/** The TypeScript layouts against the BTF of the compiled object, and names against the C enums. */
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import * as layout from '../../src/forwarding/ebpf/layout.ts'
import { objectPath } from '../../src/sys/bpf/index.ts'

type BtfType = {
  id: number
  kind: string
  name: string
  size?: number
  type_id?: number
  members?: { name: string; type_id: number; bits_offset: number }[]
  values?: { name: string; val: number }[]
}
const typesOf = (object: string): BtfType[] => {
  const dump = execFileSync('bpftool', ['btf', 'dump', 'file', objectPath(object), '-j'], { encoding: 'utf8' })
  return (JSON.parse(dump) as { types: BtfType[] }).types
}
const types = typesOf('director.bpf.o')

const shared = [
  layout.template,
  layout.service,
  layout.listHead,
  layout.listEntry,
  layout.localityKey,
  layout.locality,
  layout.replicasHead,
  layout.destination,
  layout.load,
  layout.traffic,
  layout.settings,
  layout.pathMtu,
  layout.sweeps,
  layout.reapArguments,
  layout.settleArguments,
  layout.takeInArguments,
]

const objects = [
  ['director.bpf.o', types, [...Object.values(layout.ipv4), ...shared]],
  ['director6.bpf.o', typesOf('director6.bpf.o'), [...Object.values(layout.ipv6), ...shared]],
] as const
test.each(objects.flatMap(([object, all, structs]) => structs.map((one) => [object, one.name, one, all] as const)))(
  '%s: struct %s has the same fields at the same places',
  (_object, name, one, all) => {
    const found = all.find((type) => type.kind === 'STRUCT' && type.name === name)
    const members = found?.members?.map((member) => [member.name, member.bits_offset / 8])
    if (name === 'replicas') {
      expect(members).toEqual([...one.fields.map(([field, offset]) => [field, offset]), ['members', one.size]])
      expect(found?.size).toBe(one.size + 4 * layout.MAX_REPLICAS)
      return
    }
    if (name === 'destination_list') {
      // The cursor is two numbers here.
      expect(members?.map(([, offset]) => offset)).toEqual([0, ...one.fields.slice(2).map(([, offset]) => offset)])
      expect(found?.size).toBe(one.size)
      return
    }
    expect(one.fields.filter(([field]) => !field.startsWith('pad')).map(([field, offset]) => [field, offset])).toEqual(
      members?.filter(([field]) => !String(field).startsWith('pad')),
    )
    expect(one.size).toBe(found?.size)
  },
)

test('every exit of the program has its name at its number', () => {
  const values = types.find((type) => type.kind === 'ENUM' && type.values?.[0]?.name === 'EXIT_FORWARDED')?.values
  const names = values
    ?.filter(({ name }) => name !== 'EXIT_COUNT')
    .map(({ name }) =>
      name
        .replace(/^(EXIT|NOTE)_/, '')
        .toLowerCase()
        .replaceAll('_', '-'),
    )
  expect(names).toEqual([...layout.exitNames])
})
