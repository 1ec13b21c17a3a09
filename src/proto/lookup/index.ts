/**
 * What answers of the DNS mean for a list of real servers: which addresses a name has, which hosts serve it (SRV), and until when
 * that may be believed. Values alone; who is asked, and how, is the role's business. It believes whom it asks: there is no DNSSEC.
 */

export * from './aliases.ts'
export * from './failure.ts'
export * from './schedule.ts'
export * from './servers.ts'
export * from './services.ts'
