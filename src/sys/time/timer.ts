import type { Instant } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import { Descriptor, systemError } from '../descriptor/index.ts'
import type { OpenTimer } from './ports.ts'

const DISARMED = -1

/** One timerfd. Only a process without descriptors can be refused one, so failure throws. */
export const openTimer: OpenTimer = (onFire) => {
  const { timerfdCreate, timerfdSet, read } = hfsys()
  const fd = timerfdCreate()
  if (fd < 0) throw new Error(systemError('timerfd_create', fd).message)
  const descriptor = new Descriptor(fd)
  const expirations = new Uint8Array(8)
  let armed: Instant | undefined

  const watching = descriptor.whenReadable(() => {
    // Re-armed between the wake-up and now: the new moment has its own wake-up.
    if (read(fd, expirations) < 0) return
    armed = undefined
    onFire()
  })
  if (watching < 0) throw new Error(systemError('epoll_ctl', watching).message)

  return {
    arm(at) {
      if (descriptor.closed || at === armed) return
      armed = at
      timerfdSet(fd, at === undefined ? DISARMED : Math.max(0, at))
    },
    close: () => descriptor.close(),
  }
}
