import { expect, test } from 'vitest'
import { keepalivedRoute, keepalivedRule } from '../../src/observe/keepalived-routing.ts'
import { router } from '../config/files.ts'
import { routes, rules } from '../lab/routing-lines.ts'

/** What keepalived 2.2.7 writes of those lines; it runs "congctl lock reno" together, and "from all" is a network to it. */
const dumpedRoutes = `
prepend 192.0.2.0/24 via inet 10.9.0.2 dev eth0 proto 18
prepend 192.0.3.0/24 dev eth0 proto 18
prepend 192.0.3.128/25 dev eth1 proto 18 scope 253
add blackhole 192.0.4.0/24 proto 18 no_track
add unreachable 192.0.4.0/25 proto 18 metric 7 no_track
add throw 192.0.4.128/25 table 7 proto 18 no_track
prepend 192.0.5.0/24 src 10.9.0.1 tos 16 via inet 10.9.0.2 table 100 proto 18 metric 5 realms 3/4 congctl lock reno rtt 300ms rttvar 250ms rto_min 300ms features ecn mtu lock 1400 window 5000 ssthresh lock 20 cwnd 10 advmss 1300 reordering 5 hoplimit 9 initcwnd 3 initrwnd 4 quickack 1 fastopen_no_cookie 1 no_track
prepend 192.0.6.0/24 proto 18 nexthop via inet 10.9.0.2 dev eth0 weight 3 nexthop via inet 10.9.0.3 dev eth0 weight 2 onlink no_track
prepend 192.0.7.0/24 proto 18 nexthop via inet 10.9.0.2 realm 6 nexthop via inet 10.9.0.3 no_track
prepend 192.0.8.0/24 via inet 10.99.0.2 dev eth0 proto 18 onlink
prepend 192.0.11.0/24 dev eth0 proto 99 no_track
prepend 192.0.12.0/24 encap ip id 5 dst 10.9.0.9 ttl 4 via inet 10.9.0.2 dev eth0 proto 18
prepend 192.0.15.0/24 via inet 10.9.0.2 proto 18 rtt 200ms rttvar 500ms rto_min 200ms no_track
add prohibit 0.0.0.0/0 table 77 proto 18 no_track
prepend 0.0.0.0/0 via inet 10.9.0.2 table 1000 proto 18 no_track
prepend 2001:db8:a::/48 via inet6 2001:db8:9::99 dev eth0 proto 18 metric 9 expires 1000000sec pref high
prepend ::/0 via inet6 2001:db8:9::98 proto 18 no_track
add unreachable 2001:db8:b::/48 proto 18 no_track
prepend 2001:db8:c::/48 encap ip6 id 5 dst 2001:db8::9 tc 3 hoplimit 4 via inet6 2001:db8:9::99 dev eth0 proto 18
prepend 2001:db8:d::/48 proto 18 nexthop via inet6 2001:db8:9::91 dev eth0 weight 2 nexthop via inet6 2001:db8:9::92 dev eth0 no_track
prepend 2001:db8:e::/64 from 2001:db8:f::/64 via inet6 2001:db8:9::99 dev eth0 proto 18
prepend 2001:db8:10::/48 src 2001:db8:9::1 via inet6 2001:db8:9::99 dev eth0 table 1000 proto 18 mtu 1300 pref low`
const dumpedRules = `
from 192.0.2.0/24 priority 16384 tos 0x0 protocol 18 lookup 100
from 10.0.0.0/8 to 192.0.2.0/24 priority 77 tos 0x0 protocol 18 lookup 1000
not from all priority 78 tos 0x0 fwmark 0x10/0xff protocol 18 lookup 100
from all priority 16383 tos 0x10 iif eth0 oif eth1 protocol 18 lookup 55
from all priority 80 tos 0x0 protocol 18 goto 90
from 10.2.0.0/16 priority 90 tos 0x0 protocol 18 nop
from 10.3.0.0/16 priority 16382 tos 0x0 protocol 18 type blackhole
from 10.3.0.0/16 priority 16381 tos 0x0 protocol 18 type prohibit
from 10.3.0.0/16 priority 16380 tos 0x0 protocol 18 type unreachable
from 10.4.0.0/16 priority 16379 tos 0x0 protocol 18 realms 3/4 lookup 100
from 10.5.0.0/16 priority 16378 tos 0x0 suppress_prefixlen 8 protocol 18 lookup 100
from 10.5.0.0/16 priority 16377 tos 0x0 suppress_ifgroup 8 protocol 18 lookup 100
from 10.6.0.0/16 priority 16376 tos 0x0 uidrange 5-9 protocol 18 lookup 100
from 10.7.0.0/16 priority 16375 tos 0x0 protocol 18 ipproto 6 sport 5-9 dport 80-90 lookup 100
from 10.8.0.0/16 priority 16374 tos 0x0 tunnel-id 77 protocol 18 lookup 100
from 10.8.1.0/24 priority 16373 tos 0x0 l3mdev protocol 18 lookup 0
from 2001:db8::/32 priority 16384 tos 0x0 protocol 18 lookup 254
from all to 2001:db8::/32 priority 16383 tos 0x0 protocol 5 lookup 1000 no_track`

const written = (keyword: string, lines: string) => router(`${keyword} {${lines}\n}`).value
const lines = (text: string) => text.trim().split('\n')

test("routes have keepalived's words", () => {
  const { routes: all = [] } = written('virtual_routes', routes)
  expect(all.map(keepalivedRoute)).toEqual(lines(dumpedRoutes))
})

test("rules have keepalived's words", () => {
  const { rules: all = [] } = written('virtual_rules', rules)
  expect(all.map(keepalivedRule)).toEqual(lines(dumpedRules))
})
