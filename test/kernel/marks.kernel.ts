/** Services by firewall mark, with real traffic, on the guest's kernel: its nftables, and its duplication of packets. */
import '../bpf/marks.test.ts'
