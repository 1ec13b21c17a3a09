/**
 * Counts the instructions of the forwarding program, a packet, and compares them with the recorded figures: more than 3 % above
 * one of them is a failure. Then the whole way of a packet through plain forwarding, nftables DNAT, the kernel's IPVS and the
 * embedded core.
 *
 *   node build/tools/bench/insn.js [--record] [--brief]     --record: these are the figures from now on; --brief: no whole ways
 */
import process, { argv, execPath, stdout } from 'node:process'
import {
  countAgainst,
  countInstructions,
  EMPTY,
  most,
  readRecorded,
  record,
  whereInstructionsCount,
} from './instructions.ts'

const recording = argv.includes('--record')
const counted = await (recording ? countInstructions() : countAgainst(readRecorded()))
if (recording) record(counted)
const recorded = readRecorded()

let failed = false
stdout.write(`Instructions of the program alone, a packet (of an empty program: ${EMPTY})\n`)
for (const name of new Set([...Object.keys(recorded), ...Object.keys(counted)])) {
  const [was, is] = [recorded[name], counted[name]]
  const wrong =
    was === undefined ? 'NOT RECORDED' : is === undefined ? 'NOT COUNTED' : is > most(was) ? 'MORE THAN 3 % ABOVE' : ''
  failed ||= wrong !== ''
  stdout.write(`${name.padEnd(34)}${String(is ?? '-').padStart(7)}  recorded ${was ?? '-'}  ${wrong}\n`)
}
if (!argv.includes('--brief')) {
  stdout.write('\nInstructions of the whole way, from interface to interface\n')
  const modules = 'ip_vs ip_vs_rr veth nf_tables nft_chain_nat nft_nat'
  stdout.write(await whereInstructionsCount(modules, [execPath, 'build/tools/bench/paths.js']))
}
process.exit(failed ? 1 : 0)
