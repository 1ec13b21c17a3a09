import { expect, test } from 'vitest'
import { load } from './files.ts'

test('a configuration of 10 000 real servers is read whole', { timeout: 60_000 }, () => {
  const server = (i: number) => `virtual_server 10.${i >> 8}.${i & 255}.1 80 {
    protocol TCP
    lb_algo wlc
    lb_kind DR
    ${[1, 2, 3, 4, 5].map((n) => `real_server 10.${i >> 8}.${i & 255}.${n + 1} 80 {\nweight 1\nTCP_CHECK {\nconnect_timeout 3\n}\n}`).join('\n')}
}`
  const loaded = load(Array.from({ length: 2000 }, (_, i) => server(i)).join('\n'))
  expect(loaded.diagnostics).toEqual([])
  expect(loaded.model.virtualServers.flatMap((one) => one.realServers)).toHaveLength(10_000)
})

test('the same by sequences and definitions', { timeout: 60_000 }, () => {
  const text = `$RS= \\
 real_server 10.\${A}.\${B}.\${N} 80 { \\
 TCP_CHECK { connect_timeout 3 } \\
 }
$VS= \\
 virtual_server 10.\${A}.\${B}.1 80 { \\
 protocol TCP \\
 lb_algo wlc \\
 lb_kind DR \\
 ~SEQ(N,2,6) $RS \\
 }
~SEQ(A,1,8) ~SEQ(B,0,249) $VS`
  const loaded = load(text)
  expect(loaded.diagnostics).toEqual([])
  expect(loaded.model.virtualServers.flatMap((one) => one.realServers)).toHaveLength(10_000)
})
