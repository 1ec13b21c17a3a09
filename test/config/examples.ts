import {
  type Argument,
  argumentsOf,
  boundsOf,
  type Container,
  type Keyword,
  type ValueName,
  valueFacts,
} from '../../src/config/keywords/index.ts'

/**
 * A file with a block of every kind in it, as short as it can be, and with one of each thing that others name. Lines can be put into any
 * block; those of its own that say the same then stay away.
 */
type Block = {
  readonly head: string
  /** Absent: it is there for others, nothing is put into it. */
  readonly container?: Container
  readonly lines?: readonly string[]
  readonly blocks?: readonly Block[]
}

const checker = (name: string, lines: readonly string[] = [], blocks: readonly Block[] = []): Block => ({
  head: name,
  container: `virtual_server/real_server/${name}` as Container,
  lines,
  blocks,
})
const url = (name: string): Block => ({
  head: 'url',
  container: `virtual_server/real_server/${name}/url` as Container,
  lines: ['path /'],
})

const ROOT: Block = {
  head: '',
  container: 'root',
  lines: [
    'local_address_group local1 { 198.51.100.200 }',
    'static_ipaddress { 192.0.2.200/24 dev eth0 track_group routers }',
    'virtual_server_group servers1 { 192.0.2.50 80 }',
  ],
  blocks: [
    { head: 'global_defs', container: 'global_defs', lines: ['enable_script_security'] },
    { head: 'lvs_settings', container: 'lvs_settings' },
    { head: 'vrrp_script script1', container: 'vrrp_script', lines: ['script /bin/true', 'weight 2'] },
    { head: 'track_file file1', container: 'track_file', lines: ['file /run/one'] },
    { head: 'vrrp_track_file file2', container: 'vrrp_track_file', lines: ['file /run/two'] },
    { head: 'vrrp_track_process process1', container: 'vrrp_track_process', lines: ['process /bin/one', 'weight 2'] },
    { head: 'bfd_instance session1', container: 'bfd_instance', lines: ['neighbor_ip 192.0.2.77'] },
    { head: 'track_group routers', container: 'track_group', lines: ['group { VI_1 }'] },
    { head: 'garp_group', container: 'garp_group', lines: ['interface eth0', 'garp_interval 3'] },
    { head: 'SSL', container: 'SSL' },
    {
      head: 'vrrp_instance VI_1',
      container: 'vrrp_instance',
      lines: [
        'interface eth0',
        'virtual_router_id 51',
        'virtual_ipaddress { 192.0.2.1/24 }',
        'track_script { script1 }',
        'track_file { file1\nfile2 }',
        'track_process { process1 }',
        'track_bfd { session1 }',
      ],
      blocks: [
        {
          head: 'authentication',
          container: 'vrrp_instance/authentication',
          lines: ['auth_type PASS', 'auth_pass first'],
        },
      ],
    },
    {
      head: 'vrrp_instance VI_2',
      lines: ['interface eth1', 'virtual_router_id 52', 'virtual_ipaddress { 192.0.2.2/24 }'],
      blocks: [
        {
          head: 'auth_hmac',
          container: 'vrrp_instance/auth_hmac',
          lines: [`key 1 hex:${'1f'.repeat(32)}`, 'active_key 1'],
        },
      ],
    },
    { head: 'vrrp_sync_group both', container: 'vrrp_sync_group', lines: ['group { VI_1\nVI_2 }'] },
    {
      head: 'virtual_server 192.0.2.1 80',
      container: 'virtual_server',
      lines: ['protocol TCP', 'lb_algo sh', 'lb_kind NAT'],
      blocks: [
        {
          head: 'real_server 198.51.100.1 80',
          container: 'virtual_server/real_server',
          blocks: [
            checker('TCP_CHECK'),
            checker('HTTP_GET', [], [url('HTTP_GET')]),
            checker('SSL_GET', [], [url('SSL_GET')]),
            checker('HTTP2_GET', [], [url('HTTP2_GET')]),
            checker('GRPC_CHECK'),
            checker('SMTP_CHECK', [], [{ head: 'host', container: 'virtual_server/real_server/SMTP_CHECK/host' }]),
            checker('DNS_CHECK', ['name example.com']),
            checker('MISC_CHECK', ['misc_path /bin/true']),
            checker('PING_CHECK'),
            checker('UDP_CHECK'),
            checker('FILE_CHECK', ['track_file file1']),
            checker('BFD_CHECK', ['name session1']),
          ],
        },
      ],
    },
  ],
}

/** What else a position needs to be of consequence: lines of its own block, or another head. */
export type Setting = {
  /** Lines in the same block, which replace those of the same words. */
  readonly beside?: readonly string[]
  /** Words whose lines are not to stand in that block. */
  readonly without?: readonly string[]
  /** Other heads of blocks. */
  readonly heads?: Readonly<Partial<Record<Container, string>>>
  /** Lines of other blocks. */
  readonly around?: Readonly<Partial<Record<Container, readonly string[]>>>
  /** Lines after the word instead of those made from its argument grammar. */
  readonly values?: readonly string[]
}

/** The file with one more line, if there is one, in a block. */
export function fileWith(keyword: Keyword, line: string | undefined, setting: Setting): string {
  const { beside = [], around = {}, without = [], heads = {} } = setting
  const first = (text: string): string => text.split(/[\s{]/, 1)[0] as string
  const said = new Set([...keyword.facts.names, ...beside.map(first), ...without])
  const inside = (block: Block): readonly string[] => {
    const here = block.container === keyword.container
    const more = block.container === undefined ? [] : (around[block.container] ?? [])
    const apart = new Set(more.map(first))
    const dropped = (text: string) => apart.has(first(text)) || (here && said.has(first(text)))
    return [
      ...(block.lines ?? []).filter((text) => !dropped(text)),
      ...more,
      ...(here ? [...beside, ...(line === undefined ? [] : [line])] : []),
      ...(block.blocks ?? [])
        .filter(({ head }) => !dropped(head))
        .flatMap((one) => [`${heads[one.container ?? 'root'] ?? one.head} {`, ...inside(one), '}']),
    ]
  }
  return `${inside(ROOT).join('\n')}\n`
}

/** One of each kind of value; of numbers the ends of their range. */
const SAMPLES: Readonly<Record<Exclude<ValueName, 'N' | 'SECONDS'>, string>> = {
  BYTES: '212992',
  ID: '1',
  MAX: '64',
  MICROSECONDS: '1000',
  MILLISECONDS: '1000',
  PORT: '8080',
  PERCENT: '50',
  PREFIXLEN: '24',
  PRIORITY: '100',
  START: '32',
  ADDRESS: '192.0.2.9',
  'ADDRESS%IF': 'fe80::2%eth0',
  'ADDRESS-ADDRESS': '192.0.2.9-192.0.2.11',
  'ADDRESS-N': '192.0.2.9-11',
  ALGORITHM: 'cubic',
  ARG: 'argument',
  COMMAND: '"/bin/command one \'two three\'"',
  CPU: '0',
  DIR: '/var/lib/directory',
  DOMAIN: 'www.example.net',
  DOWN: '1',
  DSFIELD: '16',
  FIELD: 'X-Field',
  FILE: '/etc/ssl/file.pem',
  GROUP: 'wheel',
  HOSTNAME: 'web.example.com',
  HOP: 'via 192.0.2.254',
  HEX: '0123456789abcdef0123456789abcdef',
  HOST: '192.0.2.25',
  IF: 'eth7',
  IFGROUP: '7',
  IDENTITY: 'one',
  INSTANCE: 'VI_1',
  JSONPATH: '.checks[0].state',
  KEY: `hex:${'3d'.repeat(32)}`,
  LABEL: 'eth0:1',
  LABELS: '100/200',
  LOCATOR: '1:2:3:4',
  LOGFILE: '/var/log/check',
  MAC: '02:00:5e:00:00:09',
  MAIL: 'ops@example.com',
  MARK: '0x10/0xff',
  MD5: '0123456789abcdef0123456789abcdef',
  MODULE: 'sip',
  BITS: '0027',
  'N-N': '300-399',
  NAME: 'name1',
  NAMESPACE: 'blue',
  NETMASK: '255.255.255.0',
  OPTION: 'id 7',
  PATH: '/run/path',
  PATTERN: '^a.*b$',
  PREFIX: '203.0.113.0/24',
  PROTOCOL: '4',
  REALMS: '3/4',
  SCOPE: 'link',
  SHA256: '5a'.repeat(32),
  VERSION: '1.2',
  'VERSION-VERSION': '1.2-1.3',
  SPEC: 'udp:127.0.0.1:705',
  STEM: 'stem',
  STRING: 'text',
  TABLE: 'table1',
  TABLENAME: 'table1',
  TEST: '+read',
  '±TEST': '-match',
  TIME: '300ms',
  TUNNEL: '7',
  TYPE: 'unicast',
  UP: '2',
  USER: 'nobody',
  VALUE: '5',
  XHEX: '0x1X',
}

/** Every way to write the arguments of a keyword: each alternative, each option with and without, numbers at both ends of their range. */
export function waysToWrite(
  argument: Argument | undefined,
  facts: Pick<Keyword['facts'], 'min' | 'max' | 'bounds'>,
  spoil?: (name: ValueName) => string | undefined,
): readonly string[] {
  if (argument === undefined) return ['']
  let bounded = false
  const ways = (of: Argument): readonly string[] => {
    switch (of.kind) {
      case 'word':
        return [of.text]
      case 'value': {
        const spoilt = spoil?.(of.name)
        if (spoilt !== undefined) return [spoilt]
        if (valueFacts(of.name).kind === 'text') return [SAMPLES[of.name as keyof typeof SAMPLES]]
        const { min, max } = boundsOf(facts, of.name)
        if (!bounded && (min !== 0 || max !== undefined || facts.min !== undefined)) {
          bounded = true
          return [...new Set([min ?? 0, max ?? (min ?? 0) + 7])].map(String)
        }
        return [of.name === 'N' || of.name === 'SECONDS' ? '3' : SAMPLES[of.name as keyof typeof SAMPLES]]
      }
      case 'optional':
        return ['', ...ways(of.of)]
      case 'repeated':
        return ways(of.of)
      case 'choice':
        return of.of.flatMap(ways)
      case 'sequence':
        return of.of
          .map(ways)
          .reduce((before, next) => before.flatMap((one) => next.map((two) => `${one} ${two}`.trim())), [''])
    }
  }
  return [...new Set(ways(argument))]
}

/** The lines, or blocks, that a position is tried with. */
export function examplesOf(keyword: Keyword, { values }: Setting): readonly string[] {
  const { name, facts, content } = keyword
  const written = values ?? waysToWrite(argumentsOf(facts.takes), facts)
  return written.map((one) => `${name} ${one}${content === 'line' || one.includes('{') ? '' : ' {\n}'}`.trim())
}

/** Looks like nothing that has a form of its own. */
const NOTHING = '[?]/[?]'
const WRONG: Readonly<Partial<Record<ValueName, readonly string[]>>> = {
  BITS: ['01000', '0x200', 'IRWXA', 'S_IRUSR|'],
  DOMAIN: ['a..b', `a.${'b'.repeat(64)}`, `${`${'c'.repeat(61)}.`.repeat(4)}dddddd`],
  HOSTNAME: ['a..b', `a.${'b'.repeat(64)}`, `${`${'c'.repeat(61)}.`.repeat(4)}dddddd`],
  JSONPATH: ['.a..b', '.a[x]', '.a]', "['a]", '[1234567890]'],
  LABEL: ['sixteen-bytes-16'],
  LABELS: ['1048576', '0x100000', '1/2/', '1//2'],
  REALMS: ['1/2/3'],
  TEST: ['reads', '+all', '--read'],
  '±TEST': ['match', '+reads'],
  TUNNEL: ['18446744073709551616', '0x10000000000000000'],
}

/** The same, with one value each that cannot be: a number out of bounds, or a text that does not look like one. */
export function wrongWays(
  argument: Argument | undefined,
  facts: Pick<Keyword['facts'], 'min' | 'max' | 'bounds'>,
): readonly string[] {
  const wrong = new Set<string>()
  const spoiling = (place: number, by: (name: ValueName) => readonly string[]) => {
    const seen = new Set<ValueName>()
    const ways = (text: string | undefined, of: ValueName) =>
      waysToWrite(argument, facts, (name) => {
        seen.add(name)
        return name === of ? text : undefined
      })
    ways(undefined, 'N')
    const name = [...seen][place]
    if (name === undefined) return false
    for (const text of by(name)) for (const way of ways(text, name)) if (way.split(' ').includes(text)) wrong.add(way)
    return true
  }
  for (let place = 0; spoiling(place, (name) => wrongValues(name, facts)); place++);
  return [...wrong]
}

function wrongValues(name: ValueName, facts: Pick<Keyword['facts'], 'min' | 'max' | 'bounds'>): readonly string[] {
  const { kind, pattern, file } = valueFacts(name)
  const { min = 0, max } = boundsOf(facts, name)
  const below = min === 0 ? [] : [min < 1 && min > 0 ? '0' : String(min - 1)]
  const outside = [...below, ...(max === undefined ? [] : [String(max + 1)])]
  if (kind !== 'text') return [NOTHING, ...outside]
  if (file !== undefined && name !== 'REALMS') return outside
  return pattern === undefined ? [] : (WRONG[name] ?? [NOTHING])
}
