import { schedulers } from '../../src/model/index.ts'
import type { Setting } from './examples.ts'

const MAIL: Setting = {
  around: { global_defs: ['notification_email { ops@example.com }', 'smtp_server 192.0.2.25'] },
}
const MAIL_HERE: Setting = { beside: ['notification_email { ops@example.com }', 'smtp_server 192.0.2.25'] }
const SORRY: Setting = { beside: ['sorry_server 198.51.100.9 80'] }
const METHODS = [
  'NAT',
  'DR',
  'TUN',
  'TUN type ipip',
  'TUN type gue port 6080',
  'TUN type gue port 6080 csum',
  'TUN type gue port 6080 remcsum',
  'TUN type gre nocsum',
]
const SCHEDULERS: Setting = { values: [...schedulers, 'sh sh-port sh-fallback', 'mh mh-port mh-fallback', 'sh flag-1'] }
const REAL_SERVER = 'protocol TCP\nreal_server 198.51.100.7 80 {\n}'
const BY_NAME: Setting = { heads: { 'virtual_server/real_server': 'real_server dns web.example.com 80' } }
const TRACKS = {
  track_interface: { values: ['{\neth5\n}', '{\neth5 weight -20 reverse\n}'] },
  track_script: { values: ['{\nscript1\n}', '{\nscript1 weight 7\n}'] },
  track_file: { values: ['{\nfile1\n}', '{\nfile2 weight 3 reverse\n}'] },
  track_process: { values: ['{\nprocess1\n}', '{\nprocess1 weight -9\n}'] },
  track_bfd: { values: ['{\nsession1\n}', '{\nsession1 weight 20\n}'] },
} as const
const within = (container: string, settings: Readonly<Record<string, Setting>>): Readonly<Record<string, Setting>> =>
  Object.fromEntries(Object.entries(settings).map(([name, setting]) => [`${container} ${name}`, setting]))

const REGEX: Setting = { beside: ['regex x'] }
/** What a url expects of an answer. */
const EXPECTATIONS: Readonly<Record<string, Setting>> = {
  expect_json: { values: ['.status', '.checks[0] ok'] },
  regex_max_offset: { ...REGEX, values: ['9'] },
  regex_min_offset: REGEX,
  regex_no_match: REGEX,
  regex_options: { ...REGEX, values: ['caseless', 'dotall utf'] },
  regex_stack: { ...REGEX, values: ['1 2'] },
}

/** What positions need to be of consequence, and how their lines look where the argument grammar alone does not tell. */
export const settings: Readonly<Record<string, Setting>> = {
  'vrrp_instance vrf': {
    without: ['interface', 'virtual_ipaddress'],
    beside: [
      'unicast_src_ip 192.0.2.1',
      'unicast_peer {\n192.0.2.2\n}',
      'virtual_ipaddress {\n192.0.2.100/24 dev eth0\n}',
    ],
  },
  ...within('root', {
    bfd_instance: { values: ['name1 {\nneighbor_ip 192.0.2.78\n}'] },
    garp_group: { values: ['{\ninterface eth0\ngarp_interval 2\n}'] },
    global_defs: { values: ['{\nrouter_id other\n}'] },
    interface_up_down_delays: { values: ['{\neth0 1 2\n}', '{\neth0 0.5\n}'] },
    local_address_group: {
      values: ['name1 {\n198.51.100.201\n198.51.100.210-214\n198.51.100.220-198.51.100.221 eth0\n}'],
      around: { virtual_server: ['lb_kind FNAT', 'laddr_group_name name1'] },
    },
    lvs_settings: { values: ['{\ndrop_entry 1\n}'] },
    SSL: { values: ['{\nca /etc/ssl/file.pem\n}'] },
    static_ipaddress: { values: ['{\n192.0.2.201/24 dev eth0\n2001:db8::201/64 dev eth0\n}'] },
    static_routes: { values: ['{\n198.51.100.0/24 via 192.0.2.254 dev eth0\n}'] },
    static_rules: { values: ['{\nfrom 198.51.100.0/24 table 100\n}'] },
    track_file: { values: ['name1 {\nfile /run/three\n}'], around: { vrrp_instance: ['track_file { name1 }'] } },
    vrrp_track_file: { values: ['name1 {\nfile /run/three\n}'], around: { vrrp_instance: ['track_file { name1 }'] } },
    track_group: { values: ['name1 {\ngroup { VI_1 }\n}'] },
    virtual_server: {
      values: [
        `192.0.2.60 80 {\n${REAL_SERVER}\n}`,
        `fwmark 7 {\n${REAL_SERVER}\n}`,
        `group servers1 {\n${REAL_SERVER}\n}`,
      ],
    },
    virtual_server_group: {
      values: ['name1 {\n192.0.2.61 80\n192.0.2.62-65 80\nfwmark 3\n}'],
      around: { root: [`virtual_server group name1 {\n${REAL_SERVER}\n}`] },
    },
    vrrp_instance: {
      values: ['name1 {\ninterface eth4\nvirtual_router_id 4\nvirtual_ipaddress { 192.0.2.4/24 }\n}'],
    },
    vrrp_script: { values: ['name1 {\nscript /bin/three\n}'], around: { vrrp_instance: ['track_script { name1 }'] } },
    vrrp_sync_group: { values: ['name1 {\ngroup { VI_1\nVI_2 }\n}'] },
    vrrp_track_process: {
      values: ['name1 {\nprocess /bin/three\n}'],
      around: { vrrp_instance: ['track_process { name1 }'] },
    },
  }),
  ...within('SSL', {
    certificate: { beside: ['key /etc/ssl/file.pem'] },
    key: { beside: ['certificate /etc/ssl/file.pem'] },
  }),
  ...within('global_defs', {
    default_interface: { around: { root: ['static_ipaddress { 192.0.2.202/24 }'] } },
    lvs_notify_fifo_script: { beside: ['lvs_notify_fifo /run/fifo'] },
    notify_fifo_script: { beside: ['notify_fifo /run/fifo'] },
    vrrp_notify_fifo_script: { beside: ['vrrp_notify_fifo /run/fifo'] },
    lvs_timeouts: { values: ['tcp 1', 'tcpfin 2', 'udp 3', 'tcp 2678400 tcpfin 60 udp 70'] },
    vrrp_rx_bufs_multiplier: { beside: ['vrrp_rx_bufs_policy MTU'] },
    min_auto_priority_delay: { beside: ['max_auto_priority 50'] },
    notification_email: { values: ['{\nops@example.com\n}', '{\n"Ops <ops@example.com>" root@localhost\n}'] },
    smtp_alert: MAIL_HERE,
    smtp_alert_checker: MAIL_HERE,
    smtp_alert_vrrp: MAIL_HERE,
    lvs_sync_key: { values: [`hex:${'3f'.repeat(32)}`], beside: ['lvs_sync_daemon eth0'] },
    lvs_sync_catch_up: { values: ['off', '5', '60 port 9000'], beside: ['lvs_sync_daemon eth0'] },
    vrrp_mcast_group4: { values: ['224.0.0.99'] },
    vrrp_mcast_group6: {
      values: ['ff02::99'],
      around: { vrrp_instance: ['version 3', 'virtual_ipaddress { fe80::1 }'] },
    },
    vrrp_owner_ignore_adverts: { around: { vrrp_instance: ['priority 255'] } },
  }),
  ...within('vrrp_instance', {
    ...TRACKS,
    accept: { beside: ['strict_mode', 'version 3'] },
    auth_hmac: { values: [`{\nkey 7 hex:${'2e'.repeat(32)}\nactive_key 7\n}`] },
    authentication: { values: ['{\nauth_type PASS\nauth_pass second\n}', '{\nauth_type AH\nauth_pass second\n}'] },
    mcast_dst_ip: { values: ['224.0.0.99'] },
    no_virtual_ipaddress: { beside: ['version 3'], without: ['virtual_ipaddress'] },
    old_unicast_checksum: { beside: ['version 3', 'unicast_src_ip 192.0.2.6', 'unicast_peer { 192.0.2.5 }'] },
    owner_ignore_adverts: { beside: ['priority 255'] },
    preempt: { beside: ['nopreempt'] },
    smtp_alert: MAIL,
    thread_timer_expired: { beside: ['nopreempt'] },
    timer_expired_backup: { beside: ['nopreempt'] },
    native_ipv6: { beside: ['version 3', 'no_virtual_ipaddress'], without: ['virtual_ipaddress'] },
    track_src_ip: { beside: ['mcast_src_ip 192.0.2.5'] },
    unicast_fault_no_peer: { beside: ['unicast_ttl 3'] },
    unicast_peer: { values: ['{\n192.0.2.5\n192.0.2.6 min_ttl 1 max_ttl 9\n}'] },
    use_ipvlan: { values: ['ipvl0 192.0.2.70 bridge', 'name ipvl0 192.0.2.70 vepa group 3'] },
    use_vmac: {
      values: ['', 'vrrp7', 'name vrrp7', '02:00:5e:00:00:09', 'vrrp7 02:00:5e:00:00:09 netlink_notify_msg group 5'],
    },
    virtual_ipaddress: { values: ['{\n192.0.2.3/24 dev eth0 label eth0:1\n}'] },
    virtual_ipaddress_excluded: { values: ['{\n2001:db8::3/64\n}'] },
    virtual_routes: { values: ['{\n198.51.100.0/24 via 192.0.2.254 dev eth0 metric 5\n}'] },
    virtual_rules: { values: ['{\nfrom 198.51.100.0/24 table 100 preference 99\n}'] },
    vmac_xmit_base: { beside: ['use_vmac'] },
  }),
  ...within('vrrp_instance/auth_hmac', {
    active_key: { values: ['1'], beside: [`key 1 hex:${'2e'.repeat(32)}`] },
    key: {
      values: [`2 hex:${'3d'.repeat(64)}`, `2 ${'text'.repeat(8)}`],
      beside: ['active_key 2'],
    },
  }),
  ...within('vrrp_sync_group', { ...TRACKS, group: { values: ['{\nVI_1\nVI_2\n}'] }, smtp_alert: MAIL }),
  'track_group group': { values: ['{\nVI_2\n}'] },
  'garp_group interfaces': { values: ['{\neth0 eth1\n}'], without: ['interface'] },
  'bfd_instance source_ip': { values: ['192.0.2.9'] },
  'bfd_instance checker': { beside: ['vrrp'] },
  'bfd_instance vrrp': { beside: ['checker'] },
  ...within('virtual_server', {
    hysteresis: { beside: ['quorum 3'], around: { 'virtual_server/real_server': ['weight 9'] } },
    ip_family: {
      heads: { virtual_server: 'virtual_server fwmark 5', 'virtual_server/real_server': 'real_server 2001:db8::1 80' },
      beside: ['lb_kind TUN'],
      without: ['protocol'],
    },
    laddr_group_name: { values: ['local1'], beside: ['lb_kind FNAT'] },
    lb_algo: SCHEDULERS,
    lb_kind: { values: METHODS },
    lvs_method: { values: METHODS },
    lvs_sched: SCHEDULERS,
    'mh-fallback': { beside: ['lb_algo mh'] },
    'mh-port': { beside: ['lb_algo mh'] },
    ops: { beside: ['protocol UDP'] },
    persistence_granularity: { values: ['1', '32', '255.255.255.0'] },
    quorum: { around: { 'virtual_server/real_server': ['weight 9'] } },
    real_server: {
      values: ['198.51.100.7 81 {\n}', '198.51.100.7 {\n}', 'dns web.example.com 81 {\n}', 'srv _http._tcp.test {\n}'],
    },
    smtp_alert: MAIL,
    sorry_server_inhibit: SORRY,
    sorry_server_lvs_method: { ...SORRY, values: METHODS },
    toa: { beside: ['lb_kind FNAT', 'laddr_group_name local1'] },
  }),
  ...within('virtual_server/real_server', {
    BFD_CHECK: { values: ['{\nname session1\n}'] },
    DNS_CHECK: { values: ['{\nname second.example.com\n}'] },
    FILE_CHECK: { values: ['{\ntrack_file file2\n}'] },
    HTTP_GET: { values: ['{\nurl {\npath /second\n}\n}'] },
    MISC_CHECK: { values: ['{\nmisc_path /bin/second\n}'] },
    HTTP2_GET: { values: ['{\nurl {\npath /second\n}\n}'] },
    GRPC_CHECK: { values: ['{\nservice second\n}'] },
    SSL_GET: { values: ['{\nurl {\npath /second\n}\n}'] },
    lthreshold: { beside: ['uthreshold 4294967295'] },
    lvs_method: { values: METHODS },
    nxdomain: BY_NAME,
    smtp_alert: MAIL,
    ttl_max: BY_NAME,
    ttl_min: BY_NAME,
  }),
  'virtual_server/real_server/BFD_CHECK name': { values: ['session1'] },
  'virtual_server/real_server/UDP_CHECK min_reply_length': { beside: ['require_reply'] },
  'virtual_server/real_server/UDP_CHECK max_reply_length': { beside: ['require_reply'] },
  'virtual_server/real_server/SMTP_CHECK host': { values: ['{\nconnect_port 2525\n}'] },
  'virtual_server/real_server/FILE_CHECK track_file': { values: ['file1'] },
  'virtual_server/real_server/HTTP_GET url': { values: ['{\npath /second\n}'] },
  ...within('virtual_server/real_server/SSL_GET', {
    enable_sni: { beside: ['virtualhost www.example.org'] },
  }),
  'virtual_server/real_server/SSL_GET url': { values: ['{\npath /second\n}'] },
  ...within('virtual_server/real_server/HTTP2_GET', {
    enable_sni: { beside: ['virtualhost www.example.org'] },
    url: { values: ['{\npath /second\n}'] },
  }),
  ...within('virtual_server/real_server/GRPC_CHECK', {
    tls_hostname: { beside: ['tls'] },
    tls_pin: { beside: ['tls'] },
    tls_verify: { beside: ['tls'] },
    tls_versions: { beside: ['tls'] },
  }),
  ...within('virtual_server/real_server/HTTP_GET/url', EXPECTATIONS),
  ...within('virtual_server/real_server/SSL_GET/url', EXPECTATIONS),
  ...within('virtual_server/real_server/HTTP2_GET/url', EXPECTATIONS),
}

/** Files that the lines name. */
export const files: Readonly<Record<string, string>> = {
  '/etc/ssl/file.pem':
    '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n',
}

/** Positions whose meaning is not in the model, and where it is. */
export const elsewhere: Readonly<Record<string, string>> = {
  'global_defs dynamic_interfaces': 'in what is said of interfaces that do not exist',
  'global_defs include_check': 'in which includes must not fail',
  'global_defs iproute_etc_dir': 'in how names of tables and scopes are read',
  'global_defs iproute_usr_dir': 'in how names of tables and scopes are read',
}
