import { keywordTable } from './keyword-table.ts'

/** Where a keyword may stand; the words of the blocks around it. */
export type Container =
  | 'root'
  | 'global_defs'
  | 'lvs_settings'
  | 'vrrp_instance'
  | 'vrrp_instance/authentication'
  | 'vrrp_instance/auth_hmac'
  | 'vrrp_sync_group'
  | 'vrrp_script'
  | 'track_file'
  | 'vrrp_track_file'
  | 'vrrp_track_process'
  | 'bfd_instance'
  | 'track_group'
  | 'garp_group'
  | 'SSL'
  | 'virtual_server'
  | 'virtual_server/real_server'
  | `virtual_server/real_server/${CheckerKeyword}`
  | 'virtual_server/real_server/HTTP_GET/url'
  | 'virtual_server/real_server/SSL_GET/url'
  | 'virtual_server/real_server/SMTP_CHECK/host'

type CheckerKeyword =
  | 'TCP_CHECK'
  | 'HTTP_GET'
  | 'SSL_GET'
  | 'SMTP_CHECK'
  | 'DNS_CHECK'
  | 'MISC_CHECK'
  | 'PING_CHECK'
  | 'UDP_CHECK'
  | 'BFD_CHECK'
  | 'FILE_CHECK'

export type KeywordSupport = 'supported' | 'accepted' | 'unsupported'

/**
 * What follows a keyword: a `line` has arguments only; a `block` has keywords of its own; in `lines` each line is an entry;
 * in `words` each word is one (keepalived.conf(5) has no keywords in the last two).
 */
export type KeywordContent = 'line' | 'block' | 'lines' | 'words'

export type Keyword = {
  readonly name: string
  readonly container: Container
  readonly support: KeywordSupport
  /** keepalived does not know it. */
  readonly own: boolean
  readonly content: KeywordContent
  /** `script`: read by the rule ScriptLine of the grammar; `regex`: one argument with escapes. */
  readonly reading: 'plain' | 'script' | 'regex'
}

const set = (words: string): ReadonlySet<string> => new Set(words.split(/\s+/).filter((word) => word !== ''))

const lineLists =
  set(`static_ipaddress static_routes static_rules virtual_ipaddress virtual_ipaddress_excluded virtual_routes
  virtual_rules unicast_peer local_address_group track_interface track_script track_process track_bfd virtual_server_group linkbeat_interfaces
  interface_up_down_delays`)
const wordLists = set('group notification_email interfaces')
const scripts = set(`startup_script shutdown_script notify_fifo_script vrrp_notify_fifo_script lvs_notify_fifo_script
  notify_master notify_backup notify_fault notify_stop notify_deleted notify notify_master_rx_lower_pri script quorum_up
  quorum_down notify_up notify_down misc_path`)

function contentOf(container: Container, name: string): KeywordContent {
  if (lineLists.has(name)) return 'lines'
  // In lvs_settings interfaces is a line.
  if (wordLists.has(name) && container !== 'lvs_settings') return 'words'
  // In instances and groups track_file is a list of names; at the root it defines one, in FILE_CHECK it names one.
  if (name === 'track_file' && (container === 'vrrp_instance' || container === 'vrrp_sync_group')) return 'lines'
  return containerInside(container, name) === undefined ? 'line' : 'block'
}

/** The container that a keyword's block is; undefined if it has no keywords of its own. */
export function containerInside(container: Container, name: string): Container | undefined {
  const inside = container === 'root' ? name : `${container}/${name}`
  return isContainer(inside) ? inside : undefined
}

const isContainer = (name: string): name is Container => name !== 'root' && Object.hasOwn(keywordTable, name)

const positions: ReadonlyMap<Container, ReadonlyMap<string, Keyword>> = new Map(
  (Object.keys(keywordTable) as Container[]).map((container) => {
    const lists = keywordTable[container]
    const inside = new Map<string, Keyword>()
    for (const list of ['supported', 'accepted', 'unsupported', 'own'] as const)
      for (const name of set(lists[list] ?? ''))
        inside.set(name, {
          name,
          container,
          support: list === 'own' ? 'supported' : list,
          own: list === 'own',
          content: contentOf(container, name),
          reading: scripts.has(name) ? 'script' : name === 'regex' ? 'regex' : 'plain',
        })
    return [container, inside] as const
  }),
)

export const containers: readonly Container[] = [...positions.keys()]

export const keywordAt = (container: Container, name: string): Keyword | undefined =>
  positions.get(container)?.get(name)

export const keywordsIn = (container: Container): readonly Keyword[] => [...(positions.get(container)?.values() ?? [])]

/** Every container where a word is a keyword. */
export const containersOf = (name: string): readonly Container[] =>
  containers.filter((container) => positions.get(container)?.has(name))

/** `virtual_server/real_server/HTTP_GET/url` is a `url` to people. */
export const containerName = (container: Container): string =>
  container === 'root' ? 'the top level' : (container.split('/').at(-1) as string)
