/**
 * The conformance list of VRRP (V-001 … V-110: RFC 3768, 9568, 2338, keepalived) and where each entry is proved: a file and
 * words of a test's name in it. What is not built yet says so; an id without either fails.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const V2 = 'wire/vrrp/advertisement-v2.test.ts'
const V3 = 'wire/vrrp/advertisement-v3.test.ts'
const ARP = 'wire/arp/gratuitous-arp.test.ts'
const NA = 'wire/ndisc/unsolicited-advertisement.test.ts'
const START = 'proto/vrrp/initialize.test.ts'
const BACKUP = 'proto/vrrp/backup.test.ts'
const MASTER = 'proto/vrrp/master.test.ts'
const FAULT = 'proto/vrrp/fault.test.ts'
const TIMES = 'proto/vrrp/intervals.test.ts'
const CHECKS = 'proto/vrrp/validate.test.ts'
const LAN = 'proto/vrrp/simulate.test.ts'
const ANNOUNCE = 'proto/announce/announce.test.ts'
const ROLE = 'roles/vrrp/role.test.ts'
const REAL = 'scenario/vrrp-role.test.ts'

const VMAC = 'lab/vmac.test.ts'
const FIREWALL = 'lab/firewall.test.ts'
const WEIGHTS = 'proto/priority/priority.test.ts'
const TRACKED = 'roles/vrrp/trackers.test.ts'
const TRAILER = 'wire/vrrp/hmac-trailer.test.ts'
const HMAC = 'roles/vrrp/auth-hmac.test.ts'
const HMAC_RULES = 'proto/vrrp-hmac/vrrp-hmac.test.ts'

type Proof = readonly [file: string, words: string] | string

const proofs: Readonly<Record<number, Proof>> = {
  1: [REAL, 'advertises before it takes the address'],
  2: [REAL, 'preempt each other, relieve each other'],
  3: [REAL, 'preempt each other, relieve each other'],
  4: [REAL, 'advertises before it takes the address'],
  5: [ROLE, 'IPv6 waits for a link-local address'],
  6: [VMAC, 'V-006'],
  7: [V2, 'is these bytes, both ways'],
  8: [V3, 'IPv4 summed with the pseudo-header'],
  9: [V3, 'IPv6 with its link-local address first'],
  10: [V3, 'is these bytes, both ways'],
  11: [V3, 'the reserved bits are kept and do not matter'],
  12: [V3, '4095 cs is 0fff and 1 cs is 0001'],
  13: [V2, 'no one flipped bit is accepted'],
  14: [V3, 'over IPv6 a checksum without the pseudo-header is refused'],
  15: [V3, 'IPv4 summed alone'],
  16: [V3, 'IPv4 summed with the pseudo-header'],
  17: [V3, 'a third checksum'],
  18: [V2, '255 addresses fit, a 256th is a bug'],
  19: 'held by the configuration: advert_int of version 2',
  20: [V3, 'an address of the other family is a bug'],
  21: [CHECKS, 'TTL 254'],
  22: [CHECKS, 'TTL 254'],
  23: [CHECKS, 'another version'],
  24: [CHECKS, 'another type'],
  25: [V3, 'a truncated address list'],
  26: [V2, 'a surplus beyond the least frame is not padding'],
  27: [V2, 'Ethernet padding to 46 bytes, or to 42'],
  28: [CHECKS, 'a bad checksum'],
  29: [ROLE, 'another virtual router id is nobody’s'],
  30: [ROLE, 'the same id in another family is another virtual router'],
  31: [CHECKS, 'an unknown authentication type'],
  32: [CHECKS, 'a password where none is configured'],
  33: [CHECKS, 'a wrong password'],
  34: ['roles/vrrp/authentication-header.test.ts', 'V-034'],
  35: [CHECKS, 'v2 with another interval'],
  36: [CHECKS, 'v3 with another interval, with a remark'],
  37: [V3, 'interval 0 (erratum 8301)'],
  38: [V3, 'no address at all (erratum 8299)'],
  39: [CHECKS, 'with a remark'],
  40: [CHECKS, 'V-040'],
  41: ['conformance/rejected.test.ts', 'V-041'],
  42: ['conformance/rejected.test.ts', 'V-042'],
  43: ['conformance/rejected.test.ts', 'V-043'],
  44: [CHECKS, 'multicast to a unicast virtual router'],
  45: [CHECKS, 'not from a peer'],
  46: [CHECKS, 'V-046'],
  47: [V3, 'no bytes make it throw'],
  48: [TIMES, 'keepalived’s integers for every priority and interval'],
  49: [TIMES, 'the v2 skew does not depend on the interval'],
  50: [BACKUP, "the master's own interval is adopted"],
  51: [BACKUP, 'a new master sends at its own interval'],
  52: [FAULT, 'with a full down timer and its own interval'],
  53: 'by construction: the only clock the machines see is CLOCK_MONOTONIC',
  54: [BACKUP, 'shifts the running timer'],
  55: [START, 'an owner is master at once'],
  56: [START, 'another starts as backup with the full down timer'],
  57: [BACKUP, 'it advertises, takes the addresses, announces them'],
  58: [BACKUP, 'a resignation waits the skew only'],
  59: [BACKUP, 'an equal one too'],
  60: [BACKUP, 'a weaker master is ignored and the timer runs on'],
  61: [BACKUP, 'without preemption a weaker one is followed'],
  62: [BACKUP, 'it stops in silence'],
  63: [MASTER, 'a late turn does not put the next one off'],
  64: [MASTER, 'at a stop it resigns, then removes the addresses'],
  65: [MASTER, 'a resignation is answered at once'],
  66: [MASTER, 'a stronger one is followed within this event'],
  67: [MASTER, 'a tie goes to the higher address'],
  68: [MASTER, 'with the higher address it stays'],
  69: [MASTER, 'addresses compare as unsigned bytes'],
  70: [MASTER, 'a weaker one is answered at once'],
  71: [MASTER, 'lower_prio_no_advert ignores it'],
  72: [LAN, 'two owners settle for the higher address'],
  73: [LAN, 'two equal ones started together settle'],
  74: ['conformance/simulator.test.ts', 'V-074'],
  75: [LAN, 'preempt_delay postpones the takeover'],
  76: [BACKUP, 'an owner preempts even so'],
  77: [MASTER, 'at a fault it resigns and removes the addresses'],
  78: [FAULT, 'nothing is heard'],
  79: [FAULT, 'it recovers as backup'],
  80: [VMAC, 'V-080'],
  81: [REAL, 'preempt each other, relieve each other'],
  82: [FIREWALL, 'V-082'],
  83: [ARP, 'is these 42 bytes, both ways'],
  84: [NA, 'is these 86 bytes, both ways'],
  85: [NA, 'is these 86 bytes, both ways'],
  86: [VMAC, 'V-086'],
  87: [FIREWALL, 'V-087'],
  88: [FIREWALL, 'V-088'],
  89: [FIREWALL, 'V-089'],
  90: [ANNOUNCE, 'and again after garp_master_delay'],
  91: [ROLE, 'sends, then takes the address, then announces it'],
  92: 'addresses are added with IFA_F_NODAD: test/sys',
  93: [WEIGHTS, 'V-093'],
  94: [WEIGHTS, 'V-094'],
  95: [WEIGHTS, 'V-095'],
  96: [TRACKED, 'V-096'],
  97: ['roles/vrrp/sync-group.test.ts', 'the first whose timer runs out waits for the last'],
  98: [WEIGHTS, 'V-098'],
  99: [MASTER, 'a changed priority goes with the next advertisement'],
  100: [TRAILER, 'V-100'],
  101: [TRAILER, 'V-101'],
  102: [HMAC_RULES, 'V-102'],
  103: [HMAC_RULES, 'V-103'],
  104: [HMAC, 'V-104'],
  105: [HMAC, 'V-105'],
  106: [HMAC, 'V-106'],
  107: [V3, 'the 28 bytes of an authentication trailer'],
  108: [REAL, 'preempt each other, relieve each other'],
  109: [REAL, 'VRRPv2 with a password'],
  110: 'no keepalived that has auth_hmac is packaged; its published vector is in wire/vrrp/hmac-trailer.test.ts',
}

const read = (file: string): string => readFileSync(join(import.meta.dirname, '..', file), 'utf8')

test('every entry of the list is proved by a test that exists, or says why not', () => {
  const missing: string[] = []
  for (let id = 1; id <= 110; id++) {
    const proof = proofs[id]
    if (proof === undefined) missing.push(`V-${id}: no entry`)
    else if (typeof proof !== 'string' && !read(proof[0]).includes(proof[1]))
      missing.push(`V-${id}: ${proof.join(': ')}`)
  }
  expect(missing).toEqual([])
})
