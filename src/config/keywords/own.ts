import { type SettingRule, settingNames, settingRules, tableSizeNames, tableSizes } from '../../model/index.ts'
import type { KeywordFacts } from './facts.ts'

/** A word of lvs_settings that takes a number. */
const numbered = (name: string, { default: value, min, max, meaning }: SettingRule): KeywordFacts => ({
  names: [name],
  in: ['lvs_settings'],
  takes: 'N',
  default: String(value),
  min,
  max,
  means: meaning,
})

const secure = ['virtual_server/real_server/SSL_GET'] as const

/** Words that keepalived does not have. */
export const ownFacts: readonly KeywordFacts[] = [
  {
    names: ['local_address_group'],
    in: ['root'],
    takes: 'NAME { lines: ADDRESS | ADDRESS-N | ADDRESS-ADDRESS [INTERFACE] }',
    range: 'at most 4096 addresses, of one family',
    means: 'source addresses towards the servers of FULLNAT, as LVS-FULLNAT and DPVS write them',
  },
  { names: ['lvs_settings'], in: ['root'], takes: '{ … }', means: 'what forwarding does as a whole' },
  {
    names: ['laddr_group_name'],
    in: ['virtual_server'],
    takes: 'NAME',
    range: 'a local_address_group',
    means: 'the local addresses that lb_kind FNAT uses',
  },
  {
    names: ['toa'],
    in: ['virtual_server'],
    takes: 'flag',
    default: 'off',
    means: "FNAT tells TCP servers the client's address",
  },
  {
    names: ['panic_threshold'],
    in: ['virtual_server'],
    takes: 'PERCENT',
    default: '0: checks may take all servers',
    min: 0,
    max: 100,
    means: 'checks never take the last so many percent of its servers; who went down last is kept',
  },
  {
    names: ['slow_start'],
    in: ['virtual_server', 'virtual_server/real_server'],
    takes: 'SECONDS',
    default: "the virtual server's, 0: the whole weight at once",
    min: 0,
    max: 4_294_967_295,
    means: 'a server that comes up, or is taken back into service, reaches its weight in steps within this time',
  },
  ...settingNames.map((name) => numbered(name, settingRules[name])),
  ...tableSizeNames.map((name) => numbered(name, tableSizes[name])),
  {
    names: ['interfaces'],
    in: ['lvs_settings'],
    takes: 'NAME …',
    default: 'all',
    means: 'where the embedded core takes packets; at the next start',
  },
  {
    names: ['xdp'],
    in: ['lvs_settings'],
    takes: 'auto|off|NAME …',
    default: 'off',
    means: 'where established connections are forwarded in the driver; at the next start',
  },
  {
    names: ['tls_versions'],
    in: secure,
    takes: 'VERSION|VERSION-VERSION',
    default: 'all that OpenSSL allows',
    range: '1.0–1.3',
    means: 'versions of TLS to offer',
  },
  {
    names: ['tls_alpn'],
    in: secure,
    takes: 'NAME …',
    default: 'none',
    means: 'protocols to offer (ALPN); the server has to take one',
  },
  {
    names: ['tls_verify'],
    in: secure,
    takes: 'bool',
    default: 'off',
    means: 'the certificate has to lead to an authority of SSL ca, else of those Node.js has, and to carry the name',
  },
  {
    names: ['tls_hostname'],
    in: secure,
    takes: 'NAME',
    default: 'the server name, else the virtualhost, else the address',
    means: 'the name that the certificate has to carry; switches tls_verify on',
  },
  {
    names: ['tls_pin'],
    in: secure,
    takes: 'SHA256 …',
    default: 'none',
    range: '64 hexadecimal digits, or sha256// and base64',
    means: 'the public key of the certificate has to be one of these',
  },
]
