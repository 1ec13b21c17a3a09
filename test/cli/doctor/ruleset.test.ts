/** What nf_tables would do with packets that can be named, from what nft tells of its rules. */
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { droppedAt, type NamedPacket, readRuleset } from '../../../src/cli/doctor/ruleset.ts'

/** As the installed nft reads and tells rules, in a network namespace of their own. */
function rulesetOf(script: string) {
  const input = `table inet t {\n${script}\n}`
  const json = execFileSync('unshare', ['-n', 'sh', '-c', 'nft -f - && nft -j list ruleset'], {
    input,
    encoding: 'utf8',
  })
  const read = readRuleset(json)
  if (read === undefined) throw new Error(json)
  return read
}

const base = (rules: string, policy = 'accept') =>
  `chain c { type filter hook input priority 0; policy ${policy}; ${rules}\n}`
const vrrp: NamedPacket = { protocol: 'vrrp', interface: 'eth0', destination: '224.0.0.18' }
const web: NamedPacket = { protocol: 'tcp', interface: 'eth0', destination: '192.0.2.100', port: 80 }

const rows: readonly (readonly [claim: string, rules: string, packet: NamedPacket, dropped: boolean])[] = [
  ['no rule', base(''), vrrp, false],
  ['a protocol by its name', base('ip protocol vrrp drop'), vrrp, true],
  ['a protocol by its number', base('meta l4proto 112 drop'), vrrp, true],
  ['another protocol', base('meta l4proto tcp drop'), vrrp, false],
  ['what is accepted first', base('ip protocol 112 accept; drop'), vrrp, false],
  ['a policy', base('tcp dport 22 accept', 'drop'), vrrp, true],
  ['a policy with an exception', base('ip daddr 224.0.0.0/8 accept', 'drop'), vrrp, false],
  ['connections that are known are accepted', base('ct state established,related accept', 'drop'), web, true],
  ['another interface', base('iifname "eth1" drop'), vrrp, false],
  ['any interface but one', base('iifname != "lo" drop'), vrrp, true],
  ['a set of ports', base('tcp dport { 22, 80, 443 } reject'), web, true],
  ['a range of ports', base('tcp dport 8000-9000 drop'), web, false],
  ['another chain', `chain other { tcp dport 80 drop;\n}\n${base('jump other')}`, web, true],
  [
    'another chain that returns',
    `chain other { tcp dport 22 drop; return;\n}\n${base('jump other; accept')}`,
    web,
    false,
  ],
  ['a rate, which does not concern one packet', base('limit rate over 10/second drop'), vrrp, false],
  ['what cannot be judged is passed over', base('ip ttl < 5 drop'), vrrp, false],
]
test.each(rows)('%s', (_, rules, packet, dropped) => {
  expect(droppedAt(rulesetOf(rules), 'input', packet) !== undefined).toBe(dropped)
  expect(droppedAt(rulesetOf(rules), 'output', packet)).toBeUndefined()
})

test('it is told where and by what, so that the rule can be found', () => {
  expect(droppedAt(rulesetOf(base('iifname "eth0" ip protocol vrrp counter drop')), 'input', vrrp)).toEqual({
    chain: 'inet t c',
    by: 'iifname eth0 ip protocol vrrp drop',
  })
  expect(droppedAt(rulesetOf(base('', 'drop')), 'input', vrrp)).toEqual({ chain: 'inet t c', by: 'its policy' })
})

test('what is no ruleset is none', () => {
  for (const text of ['', 'x', '1', '{}', '{"nftables": 1}']) expect(readRuleset(text)).toBeUndefined()
})
