/**
 * Child processes: forked roles and their channel, notification scripts and signals. Owns the children
 * it starts and nothing else. The supervisor uses all of it, a role its own end of the channel.
 */

export * from './descriptor-limit.ts'
export * from './load-module.ts'
export * from './parent-channel.ts'
export * from './process-table.ts'
export * from './program-file.ts'
export * from './real-time-signals.ts'
export * from './relay.ts'
export * from './role-child.ts'
export * from './run-command.ts'
export * from './run-nft.ts'
export * from './run-script.ts'
export * from './script-safety.ts'
export * from './signals.ts'
export * from './system-calls.ts'
