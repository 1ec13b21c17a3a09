/** What `ipvsadm -v` prints is ipvsadm's, because scripts compare it. */

export const versionLine = 'ipvsadm v1.31 2019/12/24 (compiled with popt and IPVS v1.2.1)'

export const helpText = `${versionLine}
Holdfast's ipvsadm: the options, output and exit codes of ipvsadm 1.31.

Usage:
  ipvsadm [where] -A|-E SERVICE [-s SCHEDULER] [-p [SECONDS]] [-M MASK] [--pe ENGINE] [-o] [-b FLAGS]
  ipvsadm [where] -D SERVICE
  ipvsadm [where] -a|-e SERVICE -r SERVER [-g|-i|-m] [-w WEIGHT] [-x UPPER] [-y LOWER] [tunnel options]
  ipvsadm [where] -d SERVICE -r SERVER
  ipvsadm [where] -L|-l [SERVICE|-c|--timeout|--daemon|--exits] [list options]
  ipvsadm [where] -C
  ipvsadm [where] -Z [SERVICE]
  ipvsadm [where] -S [-n]
  ipvsadm [where] -R < saved
  ipvsadm [where] --set TCP TCPFIN UDP
  ipvsadm [where] --start-daemon master|backup [daemon options]
  ipvsadm [where] --stop-daemon master|backup
  ipvsadm -h | -v

Where, before all else:
  --backend ebpf|ipvs    the embedded core, or the kernel's IPVS by netlink; default: what the running
                         daemon uses, else ebpf
  --run-dir DIRECTORY    of the daemon, default /run/holdfast

Commands:
  -A, --add-service      add a virtual service
  -E, --edit-service     replace its properties; what is not named returns to its default
  -D, --delete-service   remove it with its servers
  -a, --add-server       add a real server to a service
  -e, --edit-server      replace its properties; what is not named returns to its default
  -d, --delete-server    remove it
  -L, -l, --list         show the table, or what is named instead
  -C, --clear            remove all services
  -Z, --zero             set counters to zero, of one service or of all
  -S, --save             print the commands that make the table
  -R, --restore          carry out such commands from standard input; does not clear first
      --set              timeouts of established TCP, TCP after FIN, UDP, in seconds; 0 keeps one
      --start-daemon     start connection synchronisation
      --stop-daemon      stop it

SERVICE is one of:
  -t, --tcp-service HOST[:PORT]     -u, --udp-service HOST[:PORT]     --sctp-service HOST[:PORT]
  -f, --fwmark-service MARK [-6]    packets that bear this firewall mark; -6, --ipv6: IPv6 ones
  An IPv6 address with a port stands in brackets.

Options of a service:
  -s, --scheduler NAME   rr wrr lc wlc lblc lblcr dh sh sed nq fo ovf mh twos; default wlc
  -p, --persistent [SECONDS]        clients stay with their server, 360 seconds unless told
  -M, --netmask MASK     clients that count as one: a dotted mask, for IPv6 a prefix length
      --pe ENGINE        persistence engine: sip (kernel only)
  -o, --ops              every UDP packet is scheduled by itself
  -b, --sched-flags FLAG[,FLAG]     sh-fallback sh-port mh-fallback mh-port flag-1 flag-2 flag-3
      --laddr ADDRESS[,ADDRESS]     FULLNAT: what servers see as the client (Holdfast's own, embedded core)
      --toa              FULLNAT: tell servers the client's address in a TCP option (Holdfast's own)

Options of a server:
  -g, --gatewaying       direct routing, the default
  -i, --ipip             tunnelling
  -m, --masquerading     NAT
      --fullnat          NAT of both ends, by the service's local addresses (Holdfast's own)
  -w, --weight NUMBER    default 1; 0: no new connections
  -x, --u-threshold N    no new connections above so many, 0: no limit
  -y, --l-threshold N    ... until there are fewer than so many
      --tun-type TYPE    ipip gue gre; default ipip
      --tun-port PORT    of gue
      --tun-nocsum, --tun-csum, --tun-remcsum

Options of a list:
  -n, --numeric          numbers instead of names
  -c, --connection       connections
      --stats, --rate    packets and bytes so far; per second
      --thresholds, --persistent-conn, --tun-info
      --exact, -X        all digits
      --nosort           as the table is kept; --sort does nothing
      --timeout          what --set has set
      --daemon           connection synchronisation
      --exits            how packets left the embedded core, by reason (Holdfast's own)

Daemon options:
      --mcast-interface NAME, --mcast-group ADDRESS, --mcast-port PORT, --mcast-ttl TTL
      --syncid ID        0 to 255, default 0; a backup with 0 takes all
      --sync-maxlen LENGTH
`
