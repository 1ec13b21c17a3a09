import process from 'node:process'
import { openDatagramSender } from './datagram.ts'

/** Tells the service manager about us: `READY=1`, `STATUS=…`, one assignment a line (sd_notify(3)). */
export type NotifyServiceManager = (state: string) => void

/**
 * From $NOTIFY_SOCKET, which is taken out of our environment so that no child speaks for us; does nothing where it is
 * not set. Sockets of other kinds (vsock) are not spoken to.
 */
export function openServiceManager(): NotifyServiceManager {
  const path = process.env['NOTIFY_SOCKET']
  delete process.env['NOTIFY_SOCKET']
  if (path === undefined || !/^[/@]/.test(path)) return () => {}
  const sender = openDatagramSender(path)
  return (state) => void sender?.send(state)
}
