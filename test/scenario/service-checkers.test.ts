/** Checkers of other protocols than HTTP in the whole daemon, each against a real server of its kind that fails and returns. */
import { readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { DaemonSnapshot, RealServerSnapshot } from '../../src/observe/index.ts'
import { lab } from '../lab/lab-test.ts'
import { type Host, nowMillis, summary, until } from '../lab/library/index.ts'
import { repositoryRoot } from '../lab/library/root.ts'
import { directRouting } from '../lab/scenes.ts'

const QUICK = 'connect_timeout 1\nretry 0\ndelay_loop 0.2\nwarmup 0'
const server = (s: DaemonSnapshot, port: number): RealServerSnapshot | undefined =>
  s.virtualServers[0]?.realServers.find((one) => one.port === port)
const outcomeIs = (port: number, state: string, outcome: string) => (s: DaemonSnapshot) =>
  server(s, port)?.state === state && server(s, port)?.checkers.some((one) => one.lastOutcome === outcome) === true

/** Ports tell the checkers apart; the servers listen where the checker connects. */
const configuration = (checks: Readonly<Record<number, string>>) => `virtual_server 192.0.2.100 80 {
  lb_algo rr
  lb_kind NAT
  protocol TCP
${Object.entries(checks)
  .map(([port, check]) => `real_server 192.0.2.21 ${port} {\n${check}\n}`)
  .join('\n')}
}
`

lab('DNS_CHECK and UDP_CHECK ask dnsmasq, PING_CHECK the kernel, SMTP_CHECK a mail server', async (lab) => {
  const lan = lab.segment()
  const director = lab.host('director', { eth0: { segment: lan, addresses: ['192.0.2.11/24', '2001:db8::11/64'] } })
  const host = lab.host('server', { eth0: { segment: lan, addresses: ['192.0.2.21/24', '2001:db8::21/64'] } })
  const dnsmasq = () =>
    host.spawn('dnsmasq', [
      ...['dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--user=root'],
      ...[
        '--pid-file=',
        '--address=/example.com/192.0.2.80',
        '--local=/example.com/',
        '--txt-record=t.example.com,well',
      ],
    ])
  let names = dnsmasq()
  // What dig +noedns sends for example.com, and that the answer is one to it.
  const query = '1234 0100 0001 0000 0000 0000 07 6578616d706c65 03 636f6d 00 0001 0001'
  const daemon = await director.holdfastd(
    configuration({
      8001: `DNS_CHECK {\n${QUICK}\nconnect_port 53\nname example.com\ntype A\n}`,
      8002: `DNS_CHECK {\n${QUICK}\nconnect_port 53\nname nowhere.example\ntype A\n}`,
      8003: `UDP_CHECK {\n${QUICK}\nconnect_port 53\npayload ${query}\nrequire_reply 1234 8xxx\n}`,
      8004: `UDP_CHECK {\n${QUICK}\nconnect_port 53\npayload ${query}\nrequire_reply 4321\n}`,
      8005: `UDP_CHECK {\n${QUICK}\nconnect_timeout 0.3\nconnect_port 53\n}`,
      8006: `PING_CHECK {\n${QUICK}\n}`,
      8007: `PING_CHECK {\n${QUICK}\nconnect_ip 2001:db8::21\nbind_if eth0\n}`,
      8008: `SMTP_CHECK {\n${QUICK}\nconnect_port 25\n}`,
    }),
  )
  await daemon.shows('a name that is known', outcomeIs(8001, 'up', 'accepted'))
  // Without a server to hand it on to, dnsmasq refuses other names.
  const refused = await daemon.shows('a name that is not', outcomeIs(8002, 'down', 'bad-status'))
  expect(server(refused, 8002)?.reason).toBe('DNS_CHECK 192.0.2.21:53 A nowhere.example: expected NOERROR, got REFUSED')
  await daemon.shows('the reply that is required', outcomeIs(8003, 'up', 'accepted'))
  await daemon.shows('another reply', outcomeIs(8004, 'down', 'bad-reply'))
  await daemon.shows('a port that takes anything', outcomeIs(8005, 'up', 'accepted'))
  await daemon.shows('an echo', outcomeIs(8006, 'up', 'accepted'))
  await daemon.shows('an echo over IPv6', outcomeIs(8007, 'up', 'accepted'))
  await daemon.shows('nobody listens for mail yet', outcomeIs(8008, 'down', 'connection-refused'))
  const mail = host.spawn('relay', [
    ...[process.execPath, join(repositoryRoot, 'test/lab/library/relay.mjs'), '192.0.2.21', '25'],
  ])
  await daemon.shows('the mail server is up', outcomeIs(8008, 'up', 'accepted'))
  await names.stop('SIGKILL')
  const gone = await daemon.shows('no name server', outcomeIs(8001, 'down', 'connection-refused'))
  expect(server(gone, 8001)?.reason).toBe('DNS_CHECK 192.0.2.21:53 A example.com: nobody listens on the port (ICMP)')
  await daemon.shows('no reply', outcomeIs(8003, 'down', 'connection-refused'))
  await daemon.shows('a port that is refused', outcomeIs(8005, 'down', 'connection-refused'))
  names = dnsmasq()
  await daemon.shows('the name server is back', outcomeIs(8001, 'up', 'accepted'))

  host.sysctl('net.ipv4.icmp_echo_ignore_all=1')
  await daemon.shows('no echo any more', outcomeIs(8006, 'down', 'response-timeout'))
  await daemon.shows('but over IPv6', outcomeIs(8007, 'up', 'accepted'))
  host.sysctl('net.ipv4.icmp_echo_ignore_all=0')
  await daemon.shows('an echo again', outcomeIs(8006, 'up', 'accepted'))
  await mail.stop('SIGKILL')
  await daemon.shows('the mail server is gone', outcomeIs(8008, 'down', 'connection-refused'))
  expect(await daemon.stop()).toBe(0)
})

lab('MISC_CHECK runs a script as its user; its exit code decides, and with misc_dynamic weighs', async (lab) => {
  const lan = lab.segment()
  const director = lab.host('director', { eth0: { segment: lan, addresses: ['192.0.2.11/24'] } })
  const says = (name: string, code: number | string) => director.file(name, `${code}\n`)
  // The script reads what it is to end with; "hang" ignores the first signal.
  const script = director.file(
    'check',
    `#!/bin/sh\nid -un > $1.user\ncode=$(cat $1)\n[ "$code" = hang ] && { trap '' TERM; while :; do sleep 0.1; done; }\nexit $code\n`,
  )
  director.exec('chmod', '755', script)
  const [plain, dynamic] = [says('plain', 0), says('dynamic', 12)]
  director.exec('chmod', '777', director.directory)
  const check = (path: string, more: string) =>
    `weight 5\nMISC_CHECK {\nmisc_path "${script} ${path}"\nmisc_timeout 0.5\ndelay_loop 0.2\nwarmup 0\n${more}\n}`
  const daemon = await director.holdfastd(
    `global_defs {\nscript_user root\n}\n${configuration({ 8001: check(plain, ''), 8002: check(dynamic, 'misc_dynamic\nuser nobody') })}`,
  )
  const weights = (s: DaemonSnapshot) =>
    Object.fromEntries((s.forwarding?.services[0]?.destinations ?? []).map(({ port, weight }) => [port, weight]))
  await daemon.shows('the second has a weight of its own', (s) => weights(s)[8002] === 10 && weights(s)[8001] === 5)
  expect([`${plain}.user`, `${dynamic}.user`].map((path) => readFileSync(path, 'utf8').trim())).toEqual([
    'root',
    'nobody',
  ])
  says('plain', 12)
  says('dynamic', 2)
  const down = await daemon.shows('an exit code that is not 0', outcomeIs(8001, 'down', 'script-failed'))
  expect(server(down, 8001)?.reason).toBe(`MISC_CHECK ${script} ${plain}: the script ended with exit code 12`)
  await daemon.shows('a weight of 0 stays in the table', (s) => JSON.stringify(weights(s)) === '{"8002":0}')
  says('plain', 0)
  says('dynamic', 'hang')
  await daemon.shows('a script that hangs', outcomeIs(8002, 'down', 'script-timeout'))
  await daemon.shows('the other is back', (s) => JSON.stringify(weights(s)) === '{"8001":5}')
  says('dynamic', 0)
  // The one that hangs is killed, or this one would never begin.
  await daemon.shows('the configured weight', (s) => weights(s)[8002] === 5)
  expect(await daemon.stop()).toBe(0)
})

lab(
  'FILE_CHECK: a file on the director takes a server out without a failed request, and gives it back',
  async (lab) => {
    const { client, sources, directors, servers } = directRouting(lab, { directors: 1 })
    const [director] = directors as [Host]
    await Promise.all(servers.map((host, i) => host.nginx({ listen: ['80'], body: `web${i + 1}` })))
    const state = director.file('state', '1\n')
    const checks = ['FILE_CHECK {\ntrack_file state\nweight 0\n}', 'FILE_CHECK {\ntrack_file state\nweight 4\n}']
    const daemon = await director.holdfastd(
      `track_file state {\nfile ${state}\n}\nvirtual_server 192.0.2.100 80 {\nlb_algo rr\nlb_kind DR\nprotocol TCP\ninhibit_on_failure\n${checks
        .map((check, i) => `real_server 192.0.2.${21 + i} 80 {\nweight 1\n${check}\n}`)
        .join(
          '\n',
        )}\n}\nvrrp_instance V {\ninterface eth0\nversion 3\nvirtual_router_id 1\nadvert_int 0.1\nvirtual_ipaddress {\n192.0.2.100/24\n}\n}\n`,
    )
    const tableIs = (wanted: string) => (s: DaemonSnapshot) =>
      (s.forwarding?.services[0]?.destinations ?? [])
        .map(({ address, weight }) => `${address}=${weight}`)
        .toSorted()
        .join(' ') === wanted
    await daemon.shows('what the file held at the start', tableIs('192.0.2.21=0 192.0.2.22=5'))
    await director.holds('192.0.2.100')
    const load = await client.load('http://192.0.2.100/', { sources, every: 10 })
    director.file('state', '0\n')
    await daemon.shows('the server is in', tableIs('192.0.2.21=1 192.0.2.22=1'))
    await until('both answer', () => summary(load.requests).byServer.size === 2)
    director.file('state', '2\n')
    await daemon.shows('and out again', tableIs('192.0.2.21=0 192.0.2.22=9'))
    const out = nowMillis()
    await until('requests without it', () => load.between(out).length > 100)
    expect(summary(load.requests).failed).toBe(0)
    expect([...summary(load.between(out + 200)).byServer.keys()]).toEqual(['web2'])
    renameSync(director.file('next', '3\n'), state)
    await daemon.shows('another file in its place', tableIs('192.0.2.21=0 192.0.2.22=13'))
    rmSync(state)
    await daemon.shows('no file holds 0', tableIs('192.0.2.21=1 192.0.2.22=1'))
    renameSync(director.file('next', '4\n'), state)
    await daemon.shows('a file again', tableIs('192.0.2.21=0 192.0.2.22=17'))
  },
)
