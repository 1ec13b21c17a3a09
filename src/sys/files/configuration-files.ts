import { accessSync, constants, readdirSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import process from 'node:process'
import { fail, type IpAddress, ok, parseAddress, type Result } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import { accountFault } from '../accounts/index.ts'
import { patternFault } from '../pattern/index.ts'
import { readRegular } from './read-regular.ts'
import { reasonFor } from './small-files.ts'

export type ReadFile = {
  readonly bytes: Uint8Array
  /** Any execute bit is set. */
  readonly executable: boolean
  /** Its group or others may read it. */
  readonly readableByOthers: boolean
}

export type HostNetwork = { readonly interface: string; readonly address: IpAddress; readonly prefixLength: number }

export type ReadFailure = {
  readonly reason: 'missing' | 'denied' | 'unreadable' | 'not-a-file' | 'too-large'
  /** The system's own word. */
  readonly detail: string
}

const failureReasons: Readonly<Record<string, ReadFailure['reason']>> = {
  ENOENT: 'missing',
  ENOTDIR: 'missing',
  EACCES: 'denied',
  EPERM: 'denied',
  // A file of /proc that waits for news, as kmsg does.
  EAGAIN: 'not-a-file',
}

type Pem = { readonly pem: string }
/** A certificate and its key, or authorities. */
export type TlsFiles = {
  readonly ca?: Pem
  readonly certificate?: Pem
  readonly key?: Pem
  readonly password?: string
}

/** Bytes; what is larger is no configuration, and would not fit in memory several times. */
const LARGEST = 64 * 1024 * 1024

/** The host as a configuration sees it; the shape of the configuration's ports. */
export const configurationFiles = {
  read(path: string): Result<ReadFile, ReadFailure> {
    try {
      const file = readRegular(path, LARGEST)
      if (file === 'not-a-file') return fail({ reason: 'not-a-file', detail: 'not a regular file' })
      if (file === 'too-large') return fail({ reason: 'too-large', detail: 'larger than 64 MiB' })
      const { bytes, mode } = file
      return ok({ bytes, executable: (mode & 0o111) !== 0, readableByOthers: (mode & 0o044) !== 0 })
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code === undefined) throw error
      return fail({ reason: failureReasons[code] ?? 'unreadable', detail: reasonFor(code, message) })
    }
  },

  list(path: string): readonly string[] | undefined {
    try {
      return readdirSync(path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error
      return undefined
    }
  },

  interfaceExists: (name: string): boolean => hfsys().ifIndex(name) > 0,

  /** Of links that are up. */
  networks: (): readonly HostNetwork[] =>
    Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
      addresses.flatMap(({ address: text, cidr }) => {
        const address = parseAddress(text)
        const prefixLength = Number(cidr?.slice(cidr.indexOf('/') + 1))
        return address === undefined || Number.isNaN(prefixLength) ? [] : [{ interface: name, address, prefixLength }]
      }),
    ),

  patternFault,

  accountFault,

  /** As OpenSSL says it. Loaded when it is needed: few configurations have keys, and every command reads one. */
  tlsFault({ ca, certificate, key, password }: TlsFiles): string | undefined {
    try {
      // An authority that is none is passed over by createSecureContext.
      if (ca !== undefined) new (process.getBuiltinModule('node:crypto').X509Certificate)(ca.pem)
      process.getBuiltinModule('node:tls').createSecureContext({
        ca: [],
        ...(certificate === undefined ? {} : { cert: certificate.pem }),
        ...(key === undefined ? {} : { key: key.pem }),
        ...(password === undefined ? {} : { passphrase: password }),
      })
      return undefined
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error
      return 'reason' in error ? String(error.reason) : String(error.code)
    }
  },

  isExecutable(path: string): boolean {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error
      return false
    }
  },
}
