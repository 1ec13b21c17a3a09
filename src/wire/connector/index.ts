/**
 * Messages of the kernel's process connector, bytes ⇄ values (linux/connector.h, linux/cn_proc.h): what comes inside a netlink
 * message when a process is forked, executed, renamed or ends. It owns no socket and knows no process.
 */

export * from './process-event.ts'
