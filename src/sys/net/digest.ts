import { createHash } from 'node:crypto'

/** MD5 (RFC 1321) over bytes as they come: 32 lower-case hexadecimal digits. It is a checksum here, not a secret. */
export type Digest = { update(bytes: Uint8Array): void; hex(): string }

export function openMd5(): Digest {
  const hash = createHash('md5')
  return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') }
}
