/** Lines of every form that keepalived 2.2.7 carries out without complaint, on hosts with eth0 and eth1. */
export const staticAddresses = `
10.9.0.1/24 dev eth0 brd + scope site label eth0:1
10.9.1.1 peer 10.9.1.2 dev eth0
10.9.2.1/24 brd 10.9.2.7 dev eth1 noprefixroute
2001:db8:9::1/64 dev eth0 preferred_lft 1000000
2001:db8:9::2 dev eth0
2001:db8:9::3/64 dev eth0 home mngtmpaddr noprefixroute
2001:db8:9::4/64 dev eth0 -nodad
2001:db8:9::5 dev eth0 preferred_lft forever`

export const routes = `
192.0.2.0/24 via 10.9.0.2 dev eth0
192.0.3.0/24 dev eth0
192.0.3.128/25 dev eth1 scope link
blackhole 192.0.4.0/24
unreachable 192.0.4.0/25 metric 7
throw 192.0.4.128/25 table 7
192.0.5.0/24 via 10.9.0.2 table 100 metric 5 tos 0x10 src 10.9.0.1 mtu lock 1400 advmss 1300 rtt 300ms rttvar 0.25s rto_min 300ms window 5000 cwnd 10 ssthresh lock 20 initcwnd 3 initrwnd 4 reordering 5 hoplimit 9 features ecn quickack 1 congctl lock reno fastopen_no_cookie 1 realms 3/4
192.0.6.0/24 nexthop via 10.9.0.2 dev eth0 weight 3 nexthop via 10.9.0.3 weight 2 onlink dev eth0
192.0.7.0/24 nexthop via 10.9.0.2 realms 5/6 nexthop via 10.9.0.3
192.0.8.0/24 via 10.99.0.2 dev eth0 onlink
192.0.11.0/24 dev eth0 protocol 99 no_track
192.0.12.0/24 encap ip id 5 dst 10.9.0.9 ttl 4 via 10.9.0.2 dev eth0
192.0.15.0/24 via 10.9.0.2 rtt 1000 rttvar 2000 rto_min 150
prohibit default table 77
default via 10.9.0.2 table 1000
2001:db8:a::/48 via 2001:db8:9::99 dev eth0 metric 9 expires 1000000 pref high
::/0 via 2001:db8:9::98
unreachable 2001:db8:b::/48
2001:db8:c::/48 encap ip6 id 5 dst 2001:db8::9 hoplimit 4 tc 3 via 2001:db8:9::99 dev eth0
2001:db8:d::/48 nexthop via 2001:db8:9::91 dev eth0 weight 2 nexthop via 2001:db8:9::92 dev eth0
2001:db8:e::/64 from 2001:db8:f::/64 via 2001:db8:9::99 dev eth0
2001:db8:10::/48 via 2001:db8:9::99 dev eth0 table 1000 mtu 1300 pref low src 2001:db8:9::1`

export const rules = `
from 192.0.2.0/24 table 100
to 192.0.2.0/24 from 10.0.0.0/8 table 1000 preference 77
not fwmark 0x10/0xff table 100 priority 78
iif eth0 oif eth1 lookup 55 tos 0x10
from all goto 90 preference 80
from 10.2.0.0/16 nop priority 90
from 10.3.0.0/16 blackhole
from 10.3.0.0/16 type prohibit
from 10.3.0.0/16 unreachable
from 10.4.0.0/16 table 100 realms 3/4
from 10.5.0.0/16 table 100 suppress_prefixlength 8
from 10.5.0.0/16 table 100 suppress_ifgroup 8
from 10.6.0.0/16 table 100 uidrange 5-9
from 10.7.0.0/16 table 100 ipproto tcp sport 5-9 dport 80-90
from 10.8.0.0/16 table 100 tunnel-id 77
l3mdev from 10.8.1.0/24
from 2001:db8::/32 table main
to 2001:db8::/32 table 1000 protocol 5 no_track`
