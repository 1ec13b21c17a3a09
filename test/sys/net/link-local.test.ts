import { expect } from 'vitest'
import { lab } from '../../lab/lab-test.ts'
import { quietEnvironment } from '../../lab/library/host.ts'

lab('a link-local server is reached over the interface that the socket is bound to, and over no other', async (lab) => {
  const [one, two] = [lab.segment('one'), lab.segment('two')]
  const client = lab.host('client', { eth0: { segment: one, addresses: [] }, eth1: { segment: two, addresses: [] } })
  const server = lab.host('server', { eth0: { segment: two, addresses: [] } })
  for (const device of ['eth0', 'eth1']) client.ip('addr', 'add', 'fe80::1/64', 'dev', device, 'nodad')
  server.ip('addr', 'add', 'fe80::5/64', 'dev', 'eth0', 'nodad')
  await server.nginx({ listen: ['[::]:8080'], body: 'here' })

  const probe = `
    import { exchange, tryConnect } from '${new URL('../../../dist/sys/net/index.js', import.meta.url).href}'
    const never = new AbortController().signal
    const target = { address: 'fe80::5', port: 8080, connectTimeout: 500000 }
    const over = async (bindInterface) => {
      const result = await tryConnect({ ...target, bindInterface }, never)
      return result.ok ? 'connected' : result.error.reason
    }
    let text = ''
    const onBytes = (chunk) => { text += Buffer.from(chunk); return 'more' }
    const request = Buffer.from('GET / HTTP/1.0\\r\\n\\r\\n')
    await exchange({ ...target, bindInterface: 'eth1' }, { request, patience: 5000000, onBytes }, never)
    console.log(JSON.stringify({ eth0: await over('eth0'), eth1: await over('eth1'), body: text.split('\\r\\n\\r\\n')[1] }))
  `
  const asked = client.spawn('probe', [process.execPath, '--input-type=module', '-e', probe], quietEnvironment())
  const { text } = await asked.line(/^\{/)
  expect(JSON.parse(text)).toEqual({ eth0: 'timeout', eth1: 'connected', body: 'here\n' })
})
