import { readdirSync, readFileSync, statSync } from 'node:fs'
import { fail, ok } from '../../src/base/index.ts'
import {
  type ConfigPorts,
  type Diagnostic,
  type LoadedConfiguration,
  loadConfiguration,
} from '../../src/config/index.ts'
import type { Configuration, VirtualRouter, VirtualServer } from '../../src/model/index.ts'

/** Files that exist in the test only; directories follow from their paths. */
export function memoryFiles(files: Readonly<Record<string, string | Uint8Array>>): ConfigPorts {
  return {
    read(path) {
      const content = files[path]
      if (content === undefined) return fail({ reason: 'missing', detail: 'ENOENT' })
      const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
      return ok({ bytes, executable: path.endsWith('.sh') })
    },
    list(path) {
      const prefix = path.endsWith('/') ? path : `${path}/`
      const names = Object.keys(files)
        .filter((file) => file.startsWith(prefix))
        .map((file) => file.slice(prefix.length).split('/')[0] as string)
      return names.length === 0 ? undefined : [...new Set(names)]
    },
  }
}

export const diskFiles: ConfigPorts = {
  read(path) {
    try {
      const stat = statSync(path)
      if (!stat.isFile()) return fail({ reason: 'not-a-file', detail: 'not a file' })
      return ok({ bytes: readFileSync(path), executable: (stat.mode & 0o111) !== 0 })
    } catch (error) {
      return fail({ reason: 'missing', detail: String(error) })
    }
  },
  list(path) {
    try {
      return readdirSync(path)
    } catch {
      return undefined
    }
  },
}

export const MAIN = '/etc/keepalived/keepalived.conf'

export function load(
  text: string | Uint8Array,
  more: Readonly<Record<string, string>> = {},
  ports: Partial<ConfigPorts> = {},
): LoadedConfiguration & { readonly model: Configuration } {
  const loaded = loadConfiguration({ ...memoryFiles({ [MAIN]: text, ...more }), ...ports }, MAIN, {
    configId: 'alpha',
    hostName: 'alpha',
    environment: { SITE: 'north' },
  })
  if (loaded.configuration === undefined) throw new Error('no configuration')
  return { ...loaded, model: loaded.configuration }
}

/** `line:column severity kind message`, one a complaint. */
export const told = (of: { readonly diagnostics: readonly Diagnostic[] }): readonly string[] =>
  of.diagnostics.map((one) => `${one.line}:${one.column} ${one.severity} ${one.kind}: ${one.message}`)

/** A virtual router with the lines given, on line 2 and after. */
export function router(lines: string): { readonly value: VirtualRouter; readonly told: readonly string[] } {
  const text = /virtual_ipaddress/.test(lines) ? lines : `${lines}\nvirtual_ipaddress { 192.0.2.1/24 }`
  const loaded = load(`vrrp_instance VI_1 {\n${text}\ninterface eth0\nvirtual_router_id 51\n}\n`)
  return { value: loaded.model.virtualRouters[0] as VirtualRouter, told: told(loaded) }
}

/** A virtual server with a real server, and the lines given in each of the two. */
export function server(
  lines: string,
  realServer = '',
  head = '192.0.2.1 80',
): { readonly value: VirtualServer; readonly told: readonly string[] } {
  const text = `virtual_server ${head} {
${lines}
${/protocol|fwmark/.test(lines + head) ? '' : 'protocol TCP'}
${/lb_algo|lvs_sched/.test(lines) ? '' : 'lb_algo rr'}
${/^(?:lb_kind|lvs_method)/m.test(lines) ? '' : 'lb_kind NAT'}
${/real_server/.test(lines) ? '' : `real_server 198.51.100.1 80 {\n${realServer}\n}`}
}`
  const loaded = load(text)
  return { value: loaded.model.virtualServers[0] as VirtualServer, told: told(loaded) }
}
