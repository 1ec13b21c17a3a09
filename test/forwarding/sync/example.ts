import { connectionFlags as flag, type SyncedConnection } from '../../../src/wire/ipvs-sync/index.ts'

/** An established connection by direct routing, from this port of the client. */
export const exampleConnection = (clientPort: number): SyncedConnection => ({
  protocol: 6,
  flags: flag.directRouting,
  state: 1,
  client: Uint8Array.of(192, 0, 2, 9),
  clientPort,
  virtual: Uint8Array.of(203, 0, 113, 1),
  virtualPort: 80,
  destination: Uint8Array.of(10, 0, 0, 1),
  destinationPort: 80,
  mark: 0,
  timeout: 900,
})
