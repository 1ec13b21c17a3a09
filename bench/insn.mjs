/**
 * Instructions of the forwarding program, a packet, counted in the stock kernel's guest, beside the recorded figures. More than
 * 3 % above one of them is a failure; `--record` writes what was counted as the new figures. Then the whole way of a packet
 * through plain forwarding, nftables DNAT, the kernel's IPVS and the embedded core.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'

const FIGURES = new URL('insn.json', import.meta.url)
const TOLERANCE = 1.03

const inGuest = (modules, ...command) =>
  execFileSync('scripts/kernel-vm', command, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, KVM_ICOUNT: '1', KVM_MODULES: modules, KVM_TIMEOUT: '600' },
  })

const said = inGuest('', process.execPath, 'build/tools/bench/decisions.js', '--json')
const line = said.split('\n').find((text) => text.startsWith('{'))
if (line === undefined) throw new Error(`the guest did not count: ${said.slice(-500)}`)
const counted = JSON.parse(line)
const recorded = process.argv.includes('--record') ? counted : JSON.parse(readFileSync(FIGURES, 'utf8'))
if (recorded === counted) writeFileSync(FIGURES, `${JSON.stringify(counted, undefined, 2)}\n`)

let failed = false
process.stdout.write('Instructions of the program alone, a packet (an empty program: 92)\n')
for (const [name, figure] of Object.entries(recorded)) {
  const now = counted[name]
  const more = now === undefined || now > figure * TOLERANCE
  failed ||= more
  process.stdout.write(
    `${name.padEnd(34)}${String(now).padStart(7)}  recorded ${figure}${more ? '  MORE THAN 3 % ABOVE' : ''}\n`,
  )
}
if (!process.argv.includes('--brief')) {
  process.stdout.write('\nInstructions of the whole way, from interface to interface\n')
  const modules = 'ip_vs ip_vs_rr veth nf_tables nft_chain_nat nft_nat'
  process.stdout.write(inGuest(modules, process.execPath, 'build/tools/bench/paths.js'))
}
process.exit(failed ? 1 : 0)
