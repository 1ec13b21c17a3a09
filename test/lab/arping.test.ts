/** `holdfast arping` beside Debian's iputils: the same answers, counts, exit codes and frames; and what iputils lacks, IPv6. */
import { resolve } from 'node:path'
import { expect } from 'vitest'
import { lab } from './lab-test.ts'
import { type Host, type Lab, until } from './library/index.ts'

const HOLDFAST = resolve(import.meta.dirname, '../../bin/holdfast')

/** Two hosts that know each other, so that the kernel asks nothing in between. */
function pair(of: Lab, number = 0): { asker: Host; neighbour: Host } {
  const segment = of.segment(`lan${number}`)
  const host = (name: string, last: number) =>
    of.host(`${name}${number}`, { eth0: { segment, addresses: [`192.0.2.${last}/24`, `2001:db8::${last}/64`] } })
  const asker = host('asker', 1)
  const neighbour = host('neighbour', 2)
  asker.ip('neigh', 'replace', '192.0.2.2', 'lladdr', neighbour.mac(), 'dev', 'eth0')
  neighbour.ip('neigh', 'replace', '192.0.2.1', 'lladdr', asker.mac(), 'dev', 'eth0')
  return { asker, neighbour }
}

type Said = { readonly status: number; readonly stdout: string }

/** Without what differs from one run to the next. */
const comparable = ({ status, stdout }: Said): Said => ({ status, stdout: stdout.replace(/\d+\.\d{3}ms/g, '…ms') })

const rows: readonly (readonly [claim: string, words: string])[] = [
  ['an address that is there', '-c 2 192.0.2.2'],
  ['everybody is asked again with -b', '-b -c 2 -I eth0 192.0.2.2'],
  ['the first answer is enough with -f', '-f -c 3 -I eth0 192.0.2.2'],
  ['an address that is not there', '-c 1 -I eth0 192.0.2.9'],
  ['a deadline without an answer', '-w 1 -I eth0 192.0.2.9'],
  ['a deadline with answers', '-w 1 -I eth0 192.0.2.2'],
  ['more answers wanted than a deadline allows', '-w 1 -c 5 -I eth0 192.0.2.2'],
  ['an address that somebody has', '-D -c 2 -I eth0 192.0.2.2'],
  ['an address that is free', '-D -c 1 -I eth0 192.0.2.9'],
  ['a source by which to detect', '-D -c 1 -s 192.0.2.1 -I eth0 192.0.2.2'],
  ['caches updated by requests', '-U -c 2 -I eth0 192.0.2.1'],
  ['caches updated by replies', '-A -c 1 -I eth0 192.0.2.1'],
  ['quiet', '-q -c 1 192.0.2.2'],
  ['an own address, which nobody else has', '-c 1 -I eth0 192.0.2.1'],
  ['an address of another subnet', '-c 1 -I eth0 198.51.100.7'],
  ['a source that is not ours', '-c 1 -I eth0 -s 192.0.2.77 192.0.2.2'],
  ['updating for an address that is not ours', '-U -c 1 -I eth0 192.0.2.77'],
  ['an interface that is not there', '-c 1 -I eth7 192.0.2.2'],
  ['a count of nothing', '-c 0 192.0.2.2'],
  ['an interval that is no number', '-i x 192.0.2.2'],
  ['an option that does not exist', '-Z 192.0.2.2'],
  ['two destinations', '-c 1 192.0.2.2 192.0.2.3'],
  ['no destination', ''],
]

lab('the answers, counts and exit codes of iputils', async (lab) => {
  const lanes = 8
  const lane = async (number: number): Promise<void> => {
    const { asker } = pair(lab, number)
    for (const [claim, words] of rows.filter((_, at) => at % lanes === number)) {
      const argv = words.split(' ').filter((word) => word !== '')
      const theirs = await asker.exec('arping', ...argv)
      const ours = await asker.exec(HOLDFAST, 'arping', ...argv)
      // Words for what is wrong are ours.
      expect({ claim, ...comparable(ours) }).toEqual({ claim, ...comparable(theirs) })
    }
  }
  await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)))
})

lab('the frames of iputils', async (lab) => {
  const { asker, neighbour } = pair(lab)
  const mac = asker.mac()
  const sent = async (...argv: readonly string[]) => {
    const wire = await neighbour.capture('arp')
    await asker.exec(...argv)
    const mine = () => wire.frames.filter(({ sourceMac }) => sourceMac === mac)
    await until('a frame', () => mine().length > 0)
    await wire.close()
    return mine().map(({ bytes }) => Buffer.from(bytes).toString('hex', 0, 42))
  }
  for (const words of [
    '-c 2 192.0.2.2',
    '-b -c 1 192.0.2.2',
    '-D -c 1 192.0.2.9',
    '-U -c 1 192.0.2.1',
    '-A -c 1 192.0.2.1',
  ]) {
    const argv = ['-I', 'eth0', ...words.split(' ')]
    const theirs = await sent('arping', ...argv)
    expect({ words, sent: await sent(HOLDFAST, 'arping', ...argv) }).toEqual({ words, sent: theirs })
  }
})

lab('IPv6: the same by neighbour discovery', async (lab) => {
  const { asker, neighbour } = pair(lab)
  const arping = (...words: readonly string[]) => asker.exec(HOLDFAST, 'arping', ...words)
  const answer = `reply from 2001:db8::2 [${neighbour.mac().toUpperCase()}]`
  const [there, free, taken, nobody] = await Promise.all([
    arping('-c', '2', '2001:db8::2'),
    arping('-D', '-c', '1', '-I', 'eth0', '2001:db8::9'),
    arping('-D', '-c', '2', '-I', 'eth0', '2001:db8::2'),
    arping('-c', '1', '-I', 'eth0', '2001:db8::9'),
  ])
  expect(there.stdout).toContain('NDPING 2001:db8::2 from 2001:db8::1 eth0\n')
  expect(there.stdout.split(`Unicast ${answer}`)).toHaveLength(3)
  expect(there.stdout).toContain('Sent 2 probes (1 broadcast(s))\nReceived 2 response(s)\n')
  expect(taken.stdout).toContain(answer)
  expect([there, free, taken, nobody].map(({ status }) => status)).toEqual([0, 0, 1, 1])
})

lab('announce tells the link about addresses that are here, and refuses others', async (lab) => {
  const { asker, neighbour } = pair(lab)
  const wire = await neighbour.capture('arp or icmp6')
  const announced = await asker.exec(HOLDFAST, 'announce', '-c', '2', '-i', '0', '192.0.2.1', '2001:db8::1')
  expect(announced).toMatchObject({ status: 0, stdout: expect.stringContaining('192.0.2.1 announced on eth0') })
  const mine = (kind: string) => wire.frames.filter((frame) => frame.kind === kind && frame.sourceMac === asker.mac())
  await until('both twice', () => mine('arp').length >= 2 && mine('neighbour-advertisement').length >= 2)
  const refused = await asker.exec(HOLDFAST, 'announce', '192.0.2.2')
  expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('192.0.2.2 is not on this host') })
})
