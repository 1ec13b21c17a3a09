import { readlinkSync } from 'node:fs'
import { basename } from 'node:path'

/** The kernel driver of a device with hardware, physical or virtual, as sysfs knows it; undefined: it has none. */
export function driverOfInterface(name: string): string | undefined {
  try {
    return basename(readlinkSync(`/sys/class/net/${name}/device/driver`))
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EINVAL'))
      return undefined
    throw error
  }
}
