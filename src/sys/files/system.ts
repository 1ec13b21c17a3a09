import process from 'node:process'
import { isDirectory, readText } from './small-files.ts'

/** Differs after every boot; empty where /proc does not tell. */
export function bootId(): string {
  const read = readText('/proc/sys/kernel/random/boot_id')
  return read.ok ? read.value.trim() : ''
}

/** Where dumps go: $TMPDIR if that is an absolute path of a directory, else /tmp (keepalived). */
export function dumpDirectory(): string {
  const named = process.env['TMPDIR']
  return named?.startsWith('/') && isDirectory(named) ? named : '/tmp'
}
