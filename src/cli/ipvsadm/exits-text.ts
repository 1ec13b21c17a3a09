import { exitMeaning } from '../../observe/index.ts'

/** `ipvsadm -L --exits`: how packets left the embedded core, a line each with what it means, the most frequent first. */
export function exitsText(exits: Readonly<Record<string, number>>): string {
  const rows = Object.entries(exits).sort(([, a], [, b]) => b - a)
  const width = Math.max(7, ...rows.map(([, number]) => String(number).length))
  const names = Math.max(4, ...rows.map(([name]) => name.length))
  return [
    `${'Packets'.padStart(width)} ${'Exit'.padEnd(names)} Meaning`,
    ...rows.map(([name, number]) => {
      const { meaning, remedy } = exitMeaning(name)
      const words = number > 0 && remedy !== undefined ? `${meaning}; ${remedy}` : meaning
      return `${String(number).padStart(width)} ${name.padEnd(names)} ${words}`
    }),
  ]
    .map((line) => `${line}\n`)
    .join('')
}
