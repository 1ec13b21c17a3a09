import { fail, familyOf, ok, type Result } from '../../base/index.ts'
import type { RealServerFault, RealServerHost, WantedOnRealServer } from '../../proto/real-server/index.ts'
import { overwriteText, readText } from '../../sys/files/index.ts'
import type { RouteClient } from '../../sys/netlink/index.ts'
import { loadModule, runCommand } from '../../sys/process/index.ts'
import type { RealServerMemory } from './memory.ts'

const settingFile = (path: string): string => `/proc/sys/${path}`

/** This host, as far as what is wanted of it goes. */
export function observeHost(client: RouteClient, wanted: WantedOnRealServer): Result<RealServerHost, string> {
  const links = client.links()
  const addresses = client.addresses()
  if (!links.ok) return fail(links.error.message)
  if (!addresses.ok) return fail(addresses.error.message)
  const names = new Map(links.value.map(({ index, name }) => [index, name]))
  const ports = wanted.guePorts.length === 0 ? undefined : runCommand('ip', 'fou', 'show')
  return ok({
    addresses: addresses.value.map(({ address, prefixLength, interfaceIndex }) => ({
      address,
      prefixLength,
      interface: names.get(interfaceIndex) ?? '',
    })),
    linksUp: new Set(links.value.flatMap(({ up, name }) => (up ? [name] : []))),
    settings: new Map(
      [
        ...wanted.settings.map(({ path }) => path),
        ...['all', 'default', ...names.values()].map((name) => `net/ipv4/conf/${name}/rp_filter`),
      ].flatMap((path): [string, string][] => {
        const read = readText(settingFile(path))
        return read.ok ? [[path, read.value.trim()]] : []
      }),
    ),
    guePorts: new Set(ports?.ok ? [...ports.value.matchAll(/port (\d+) gue/g)].map(([, port]) => Number(port)) : []),
  })
}

/** What mending changed, or that it is not ours to mend. */
type Mended = Result<(memory: RealServerMemory) => RealServerMemory, string>

/** @param loopback  index of lo */
export function mend(client: RouteClient, loopback: number, fault: RealServerFault): Mended {
  switch (fault.type) {
    case 'address-missing': {
      const { address } = fault
      const isIpv4 = familyOf(address) === 4
      const added = client.addAddress({
        interfaceIndex: loopback,
        address,
        prefixLength: isIpv4 ? 32 : 128,
        scope: 0,
        ...(isIpv4 ? { broadcast: address } : {}),
      })
      if (!added.ok) return fail(added.error.message)
      return ok((memory) => ({ ...memory, addresses: [...new Set([...memory.addresses, address])] }))
    }
    case 'setting-wrong': {
      const { setting, found } = fault
      const written = overwriteText(settingFile(setting.path), setting.value)
      if (!written.ok) return fail(written.error.message)
      // What was there first stays what there was.
      return ok((memory) => ({ ...memory, settings: { [setting.path]: found, ...memory.settings } }))
    }
    case 'link-down': {
      const { name, module } = fault.link
      const loaded = loadModule(module)
      const raised = runCommand('ip', 'link', 'set', name, 'up')
      if (!raised.ok) return fail(loaded.ok ? raised.error.message : `${raised.error.message}; ${loaded.error.message}`)
      return ok((memory) => ({ ...memory, links: [...new Set([...memory.links, name])] }))
    }
    case 'gue-missing': {
      loadModule('fou')
      const added = runCommand('ip', 'fou', 'add', 'port', String(fault.port), 'gue')
      if (!added.ok) return fail(added.error.message)
      return ok((memory) => ({ ...memory, guePorts: [...new Set([...memory.guePorts, fault.port])] }))
    }
    case 'address-elsewhere':
    case 'prefix-too-short':
      return fail('')
  }
}

/** Puts back what was there before; the complaints. What is gone already is no matter. */
export function undo(client: RouteClient, loopback: number, memory: RealServerMemory): readonly string[] {
  const removed = memory.addresses.map((address) =>
    client.deleteAddress({ interfaceIndex: loopback, address, prefixLength: familyOf(address) === 4 ? 32 : 128 }),
  )
  const written = Object.entries(memory.settings).map(([path, value]) => overwriteText(settingFile(path), value))
  const ports = memory.guePorts.map((port) => runCommand('ip', 'fou', 'del', 'port', String(port)))
  const lowered = memory.links.map((name) => runCommand('ip', 'link', 'set', name, 'down'))
  return [...removed, ...written, ...ports, ...lowered].flatMap((done) => (done.ok ? [] : [done.error.message]))
}
