/** Users and groups of this host, by name and by number. Owns nothing. */

export * from './identity.ts'
