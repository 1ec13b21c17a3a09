import type { VirtualServer } from '../../../src/model/index.ts'
import type { CheckerSlice } from '../../../src/roles/ipc/index.ts'
import type { FakeRole } from './fake-world.ts'

type WholeSlice = Omit<CheckerSlice, 'virtualServers'> & { readonly virtualServers: readonly VirtualServer[] }

/** What a checker was offered, in turn; what was left out because it has not changed is put in. */
export function checkerOffers(role: Pick<FakeRole, 'heard'> | undefined): readonly WholeSlice[] {
  const known = new Map<string, VirtualServer>()
  return (role?.heard ?? [])
    .filter(({ type }) => type === 'offer')
    .map((message) => {
      const slice = message['slice'] as CheckerSlice
      const virtualServers = slice.virtualServers.map((server) => {
        const whole = 'key' in server ? server : known.get(server.unchanged)
        if (whole === undefined) throw new Error('a role is told that what it never heard of has not changed')
        known.set(whole.key, whole)
        return whole
      })
      return { ...slice, virtualServers }
    })
}
