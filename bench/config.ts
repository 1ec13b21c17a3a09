/**
 * How long a configuration test takes, `holdfastd -t` beside `keepalived -t` by turns on the same file: 2,000 virtual servers
 * of 20 real servers with checkers, and a half and a quarter of that. Medians of wall-clock and processor time, and the most
 * memory resident at a time. Arguments: VIRTUAL_SERVERS ROUNDS.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { argv } from 'node:process'

const [most, rounds] = [Number(argv[2] ?? 2000), Number(argv[3] ?? 5)]
const REAL_SERVERS = 20
const HOLDFAST = resolve(import.meta.dirname, '../../../bin/holdfastd')

const realServer = (host: string, last: number) => `    real_server ${host}.${last} 80 {
        weight 100
        inhibit_on_failure
        HTTP_GET {
            url {
                path /service/healthz
                status_code 200
            }
            connect_timeout 3
            retry 3
            delay_before_retry 2
        }
    }
`
const virtualServer = (number: number): string => {
  const host = `10.${64 + (number >> 8)}.${number & 255}`
  const servers = Array.from({ length: REAL_SERVERS }, (_, i) => realServer(host, i + 2)).join('')
  return `virtual_server ${host}.1 80 {
    delay_loop 10
    lb_algo wlc
    lb_kind DR
    protocol TCP
${servers}}
`
}

/** Milliseconds, and megabytes. */
type Run = { readonly wall: number; readonly processor: number; readonly resident: number }

/** One test; throws if the program has anything to complain of. */
function test(program: string, file: string): Promise<Run> {
  const began = performance.now()
  const child = spawn(program, ['-t', '-f', file], { stdio: ['ignore', 'ignore', 'inherit'] })
  let [resident, processor] = [0, 0]
  const look = () => {
    const read = (name: string): string => {
      try {
        return readFileSync(`/proc/${child.pid}/${name}`, 'utf8')
      } catch {
        return ''
      }
    }
    resident = Math.max(resident, Number(/^VmHWM:\s+(\d+)/m.exec(read('status'))?.[1] ?? 0) / 1024)
    // proc(5): user and system time, after the name in brackets, in hundredths of a second.
    const [user, system] = read('stat')
      .replace(/^.*\) /s, '')
      .split(' ')
      .slice(11, 13)
    processor = Math.max(processor, 10 * (Number(user ?? 0) + Number(system ?? 0)))
  }
  const looking = setInterval(look, 5)
  return new Promise((done, reject) => {
    child.once('exit', (code) => {
      clearInterval(looking)
      const wall = performance.now() - began
      if (code === 0) done({ wall, processor, resident })
      else reject(new Error(`${program} -t ends with ${code}`))
    })
  })
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] as number
const medians = (runs: readonly Run[]): Run => ({
  wall: median(runs.map(({ wall }) => wall)),
  processor: median(runs.map(({ processor }) => processor)),
  resident: median(runs.map(({ resident }) => resident)),
})

const directory = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
process.stdout.write('virtual servers     MiB  program      wall ms  cpu ms  most MiB   wall, of keepalived\n')
try {
  for (const count of [most / 4, most / 2, most]) {
    const file = join(directory, 'keepalived.conf')
    writeFileSync(
      file,
      `global_defs {\n    router_id BENCH\n}\n${Array.from({ length: count }, (_, i) => virtualServer(i)).join('')}`,
    )
    const runs = { Holdfast: [] as Run[], keepalived: [] as Run[] }
    for (let round = 0; round < rounds; round++) {
      runs.keepalived.push(await test('keepalived', file))
      runs.Holdfast.push(await test(HOLDFAST, file))
    }
    const mebibytes = (statSync(file).size / 1_048_576).toFixed(1)
    const peer = medians(runs.keepalived)
    for (const [name, all] of Object.entries(runs)) {
      const { wall, processor, resident } = medians(all)
      const ratio = name === 'Holdfast' ? (wall / peer.wall).toFixed(2) : ''
      process.stdout.write(
        `${String(count).padStart(15)} ${mebibytes.padStart(7)}  ${name.padEnd(10)} ${wall.toFixed(0).padStart(9)} ${processor.toFixed(0).padStart(7)} ${resident.toFixed(0).padStart(9)} ${ratio.padStart(21)}\n`,
      )
    }
  }
} finally {
  rmSync(directory, { recursive: true })
}
