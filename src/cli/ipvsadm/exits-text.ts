/** `ipvsadm -L --exits`: how packets left the embedded core, a line each, the most frequent first. */
export function exitsText(exits: Readonly<Record<string, number>>): string {
  const rows = Object.entries(exits).sort(([, a], [, b]) => b - a)
  const width = Math.max(7, ...rows.map(([, number]) => String(number).length))
  return [
    `${'Packets'.padStart(width)} Exit`,
    ...rows.map(([name, number]) => `${String(number).padStart(width)} ${name}`),
  ]
    .map((line) => `${line}\n`)
    .join('')
}
