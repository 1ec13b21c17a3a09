/**
 * The validated configuration: immutable values, their keys and their defaults. Made by `config`, carried to the roles
 * in messages, so every value survives structured cloning. A *real server* is what the user wrote; what a forwarding
 * backend holds for it is a *destination* and lives in `forwarding`.
 */

export * from './bfd-session.ts'
export * from './checker.ts'
export * from './command.ts'
export * from './configuration.ts'
export * from './connection-sync.ts'
export type * from './daemon-settings.ts'
export * from './ipvs-settings.ts'
export type * from './kept-line.ts'
export type * from './local-checker.ts'
export * from './notify-fifo.ts'
export * from './routing.ts'
export * from './server-source.ts'
export * from './service-checker.ts'
export * from './static-items.ts'
export * from './sync-group.ts'
export type * from './tls-client.ts'
export * from './tracker.ts'
export * from './usual.ts'
export * from './virtual-link.ts'
export * from './virtual-router.ts'
export * from './virtual-server.ts'
export * from './vrrp-settings.ts'
