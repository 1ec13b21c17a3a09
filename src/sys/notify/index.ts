/**
 * One-way messages to the host's services: state to the service manager (sd_notify(3)), lines to syslog. Each is a
 * datagram on a unix socket; a receiver that is missing or full costs nothing but the message.
 */

export * from './datagram.ts'
export * from './service-manager.ts'
