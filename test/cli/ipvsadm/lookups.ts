import { address } from '../../../src/base/index.ts'
import type { Outcome } from '../../../src/cli/ipvsadm/execute.ts'
import { carryOut, type Lookups, refusalOutcome, understand } from '../../../src/cli/ipvsadm/session.ts'
import type { TableAccess } from '../../../src/cli/ipvsadm/table-access.ts'

const ports: readonly (readonly [string, number, string])[] = [
  ['http', 80, 'tcp'],
  ['www', 80, 'tcp'],
  ['https', 443, 'tcp'],
  ['http-alt', 8080, 'tcp'],
  ['domain', 53, 'tcp'],
  ['domain', 53, 'udp'],
]

/** A host that knows itself, and a few services. */
export const lookups: Lookups = {
  hostAddress: async (name) => (name === 'localhost' ? address('127.0.0.1') : undefined),
  port: (name, protocol) => ports.find(([known, , of]) => known === name && of === protocol)?.[1],
  findNames: async () => ({
    host: (of) => (of === '127.0.0.1' ? 'localhost' : undefined),
    service: (port, protocol) => ports.find(([, known, of]) => known === port && of === protocol)?.[0],
  }),
}

export async function outcomeOf(argv: readonly string[], table: TableAccess, input = ''): Promise<Outcome> {
  const understood = await understand(argv, lookups)
  return understood.type === 'refused'
    ? refusalOutcome(understood.refusal)
    : carryOut(understood.request, table, lookups, input)
}
