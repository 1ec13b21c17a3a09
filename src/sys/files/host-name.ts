import { hostname } from 'node:os'
import { readText } from './small-files.ts'

/** The node name up to the first dot: keepalived's default configuration id. */
export const shortHostName = (): string => hostname().split('.')[0] as string

/**
 * What this host is called in full where /etc/hosts has that: keepalived's default router_id and its name in mail, for relays
 * refuse who greets them with a name without a domain. A name server is not asked, for that may take its time.
 */
export function fullHostName(): string {
  const read = readText('/etc/hosts')
  return read.ok ? canonicalName(read.value, hostname()) : hostname()
}

/**
 * The first name in the line that lists `name` (hosts(5)); `name` itself where there is none, or where that is localhost.
 * @param hosts the text of /etc/hosts
 */
export function canonicalName(hosts: string, name: string): string {
  for (const line of hosts.split('\n')) {
    const [, ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    const [first] = names
    if (first !== undefined && !/^localhost\b/.test(first) && names.includes(name)) return first
  }
  return name
}
