/** Checkers that speak another protocol than HTTP: what is read, what is filled in, and what is said. */
import { expect, test } from 'vitest'
import type { Micros } from '../../src/base/index.ts'
import { print } from '../../src/config/index.ts'
import type { Checker } from '../../src/model/index.ts'
import { load, told } from './files.ts'

const s = (seconds: number) => (seconds * 1_000_000) as Micros

/** A virtual server on port 80 with one real server on port 8080 that has these lines; others go to the top. */
function read(lines: string, top = '') {
  const loaded = load(`${top}virtual_server 192.0.2.1 80 {
protocol TCP\nlb_algo rr\nlb_kind NAT
real_server 198.51.100.1 8080 {
${lines}
}
}`)
  const checkers: readonly Checker[] = loaded.model.virtualServers[0]?.realServers[0]?.checkers ?? []
  return { checkers, told: told(loaded), model: loaded.model }
}

const target = { address: '198.51.100.1', port: 8080, connectTimeout: s(5) }

test('SMTP_CHECK: what is not written', () => {
  const { checkers, told } = read('SMTP_CHECK {\n}')
  expect(told).toEqual([])
  expect(checkers).toEqual([
    {
      kind: 'smtp',
      heloName: 'smtpchecker.keepalived.org',
      target,
      timing: {
        delayLoop: s(60),
        retry: 1,
        delayBeforeRetry: s(1),
        warmup: s(60),
        alpha: false,
        logAllFailures: false,
      },
    },
  ])
})

test('SMTP_CHECK: each host is a checker, and the first takes the place of one that does not say where', () => {
  const hosts = 'host {\nconnect_ip 203.0.113.1\nretry 5\n}\nhost {\nconnect_port 587\nconnect_timeout 2\n}'
  const { checkers, told } = read(`SMTP_CHECK {\nhelo_name me.example\nconnect_timeout 9\n${hosts}\n}`)
  expect(told).toEqual([])
  expect(checkers).toMatchObject([
    {
      heloName: 'me.example',
      target: { ...target, address: '203.0.113.1', connectTimeout: s(9) },
      timing: { retry: 5 },
    },
    { heloName: 'me.example', target: { ...target, port: 587, connectTimeout: s(2) }, timing: { retry: 5 } },
  ])
})

test('SMTP_CHECK: one that says where asks there, and its hosts as well', () => {
  const { checkers } = read('SMTP_CHECK {\nconnect_port 26\nhost {\n}\n}')
  expect(checkers.map((one) => 'target' in one && one.target.port)).toEqual([26, 8080])
})

const printed = ['SMTP_CHECK {\nhelo_name a\nconnect_port 25\nbindto 198.51.100.9\nretry 4\nalpha\n}']
for (const text of printed)
  test(`${text.split(' ')[0]} is printed and read again`, () => {
    const { model, told: complaints } = read(text)
    expect(complaints).toEqual([])
    expect(load(print(model, { secrets: 'shown' })).model).toEqual(model)
  })
