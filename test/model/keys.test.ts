import { expect, test } from 'vitest'
import { address } from '../../src/base/index.ts'
import { endpoint, serviceKey } from '../../src/model/index.ts'

test('a service key names protocol, address and port, with brackets around IPv6', () => {
  expect(serviceKey({ kind: 'address', protocol: 'tcp', address: address('192.0.2.1'), port: 80 })).toBe(
    'tcp/192.0.2.1:80',
  )
  expect(serviceKey({ kind: 'address', protocol: 'udp', address: address('2001:db8::1'), port: 53 })).toBe(
    'udp/[2001:db8::1]:53',
  )
})

test('a firewall mark is one service a family', () => {
  expect(serviceKey({ kind: 'fwmark', family: 4, mark: 7 })).not.toBe(
    serviceKey({ kind: 'fwmark', family: 6, mark: 7 }),
  )
})

test('an endpoint with IPv6 is unambiguous', () => {
  expect(endpoint({ address: address('::1'), port: 80 })).toBe('[::1]:80')
})
