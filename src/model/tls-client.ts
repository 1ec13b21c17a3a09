/** The director's own side of TLS, for all checkers: the SSL block. The files are read with the configuration. */
export type TlsClient = {
  /** Authorities that tls_verify trusts, nobody if it has no text; absent: those that Node.js comes with. */
  readonly ca?: PemFile
  /** What the director shows to a server that asks. */
  readonly certificate?: PemFile
  readonly key?: PemFile
  /** Of the key. */
  readonly password?: string
}

export type PemFile = { readonly path: string; readonly pem: string }
