/** FULLNAT in the whole daemon: local_address_group and lb_kind FNAT, from the configuration to what servers see. */
import { join } from 'node:path'
import { expect } from 'vitest'
import type { DaemonSnapshot } from '../../src/observe/index.ts'
import { instance, VIRTUAL_ADDRESS, VIRTUAL_ADDRESS_6 } from '../lab/configurations.ts'
import { lab } from '../lab/lab-test.ts'
import type { Host } from '../lab/library/index.ts'
import { repositoryRoot } from '../lab/library/root.ts'

const CHECK = 'weight 1\n TCP_CHECK {\n connect_timeout 1\n retry 0\n bindto'

/** @param local  of the groups of both families, a line each */
const configuration = (local: string, local6: string): string => {
  const service = (address: string, group: string, server: string, from: string) =>
    `virtual_server ${address} 80 {
  delay_loop 0.2
  lb_algo rr
  lb_kind FNAT
  laddr_group_name ${group}
  toa
  protocol TCP
  real_server ${server} 8080 {
    ${CHECK} ${from}
    }
  }
}
`
  return (
    `local_address_group four {\n ${local}\n}\nlocal_address_group six {\n ${local6}\n}\n` +
    instance({ version: 3, priority: 100, advertInt: 0.1 }) +
    instance({
      version: 3,
      priority: 100,
      advertInt: 0.1,
      virtualRouterId: 52,
      addresses: [`${VIRTUAL_ADDRESS_6}/64`],
    }) +
    service(VIRTUAL_ADDRESS, 'four', '10.0.0.21', '10.0.0.1') +
    service(VIRTUAL_ADDRESS_6, 'six', '2001:db8:2::21', '2001:db8:2::1')
  )
}

const bothUp = ({ forwarding }: DaemonSnapshot): boolean =>
  forwarding?.services.length === 2 && forwarding.services.every(({ destinations }) => destinations[0]?.weight === 1)

/** Which address the server saw at each of some requests; `failed` for one without an answer. */
async function seen(client: Host, address: string, count = 8): Promise<Set<string>> {
  const url = `http://${address.includes(':') ? `[${address}]` : address}/[1-${count}]`
  const { stdout } = await client.exec('curl', '-s', '-S', '--max-time', '10', url)
  const lines = stdout.trim().split('\n')
  return new Set(lines.length === count ? lines : [...lines, `${count - lines.length} failed`])
}

lab(
  'lb_kind FNAT: servers without a way to clients see local addresses, change them at a reload, and are told of clients',
  async (lab) => {
    const [front, back] = [lab.segment('front'), lab.segment('back')]
    const client = lab.host('client', { eth0: { segment: front, addresses: ['192.0.2.1/24', '2001:db8::1/64'] } })
    const director = lab.host('director', {
      eth0: { segment: front, addresses: ['192.0.2.11/24', '2001:db8::11/64'] },
      eth1: {
        segment: back,
        addresses: ['10.0.0.1', '10.0.0.3', '10.0.0.4']
          .map((one) => `${one}/24`)
          .concat(['1', '3', '4'].map((last) => `2001:db8:2::${last}/64`)),
      },
    })
    const web = lab.host('web', { eth0: { segment: back, addresses: ['10.0.0.21/24', '2001:db8:2::21/64'] } })
    await web.nginx({ listen: ['8080', '[::]:8080'], body: '$remote_addr' })

    const daemon = await director.holdfastd(configuration('10.0.0.3-4', '2001:db8:2::3-4'))
    for (const address of [VIRTUAL_ADDRESS, VIRTUAL_ADDRESS_6]) await director.holds(address)
    const { forwarding } = await daemon.shows('both servers in the table', bothUp)
    expect(forwarding?.services).toMatchObject([
      { localAddresses: ['10.0.0.3', '10.0.0.4'], tcpOptionAddress: true, destinations: [{ method: 'fullnat' }] },
      { localAddresses: ['2001:db8:2::3', '2001:db8:2::4'], tcpOptionAddress: true },
    ])
    // Which of two is chosen for each connection is chance; that 32 of them all choose the same one is none.
    expect(await seen(client, VIRTUAL_ADDRESS, 32)).toEqual(new Set(['10.0.0.3', '10.0.0.4']))
    expect(await seen(client, VIRTUAL_ADDRESS_6, 32)).toEqual(new Set(['2001:db8:2::3', '2001:db8:2::4']))
    const { exits } = (await daemon.status()).forwarding as NonNullable<DaemonSnapshot['forwarding']>
    // In each SYN, and in each first packet with data.
    expect(exits['toa-added']).toBeGreaterThanOrEqual(2 * 64)
    expect(exits['no-local-port']).toBe(0)
    const { stdout } = await director.exec(
      process.execPath,
      join(repositoryRoot, 'bin/holdfast'),
      'ipvsadm',
      '--run-dir',
      daemon.runDirectory,
      '-L',
      '-n',
    )
    expect(stdout).toMatch(/^ {2}-> 10\.0\.0\.21:8080 +FullNat 1 /m)

    daemon.configure(configuration('10.0.0.4', '2001:db8:2::4'))
    expect(await daemon.holdfast('reload')).toMatchObject({ status: 0 })
    // The configuration is in force when the reload is; the table follows within moments.
    await daemon.shows('the new local addresses', ({ forwarding }) =>
      [['10.0.0.4'], ['2001:db8:2::4']].every(
        (one, i) => String(forwarding?.services[i]?.localAddresses) === String(one),
      ),
    )
    expect(await seen(client, VIRTUAL_ADDRESS)).toEqual(new Set(['10.0.0.4']))
    expect(await seen(client, VIRTUAL_ADDRESS_6)).toEqual(new Set(['2001:db8:2::4']))

    // The next process of the role reads what the last one wrote.
    await daemon.killRole('forwarding')
    await daemon.shows('a new forwarding role', ({ roles }) =>
      roles.some(({ role, restarts, state }) => role === 'forwarding' && restarts === 1 && state === 'running'),
    )
    expect(await seen(client, VIRTUAL_ADDRESS)).toEqual(new Set(['10.0.0.4']))

    daemon.configure(configuration('10.0.0.9', '2001:db8:2::4'))
    expect(await daemon.holdfast('reload')).toMatchObject({ status: 0 })
    const told = await daemon.holdfast('status')
    expect(told.stdout).toContain('local address 10.0.0.9 not on this host; add it to an interface')
  },
)
