import { execFileSync, spawn } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { openProcessMonitor, type ProcessNews } from '../../src/sys/netlink/index.ts'
import { describeProcess, processIds } from '../../src/sys/process/index.ts'
import { must, namespace, until } from './namespaces.ts'

const elsewhere = namespace('elsewhere')

/** What is told of a program that starts threads, names itself and ends. */
async function story(open: () => ReturnType<typeof openProcessMonitor>, all: ProcessNews[]) {
  const monitor = must(open())
  // Node has a handful of threads from its first moment on.
  const child = spawn(process.execPath, [
    '-e',
    "process.title = 'renamed'; process.stdin.once('data', () => process.exit())",
  ])
  const pid = child.pid ?? 0
  const about = () => all.filter((news) => news.type !== 'lost' && news.pid === pid).map(({ type }) => type)
  await until('its name changes', () => describeProcess(pid, false)?.name === 'renamed' && about().length > 2)
  child.stdin.end('\n')
  await until('its end is told', () => about().includes('exited'))
  monitor.close()
  return { pid, about: about(), threads: all.filter((news) => news.type === 'forked' && news.parent === pid) }
}

describe('news of processes', () => {
  for (const [where, within] of [
    ['the first network namespace', <T>(open: () => T) => open()],
    ['another one', <T>(open: () => T) => elsewhere.within(open)],
  ] as const)
    test(`from ${where}: forks, executions, names and ends, and no threads`, async () => {
      const all: ProcessNews[] = []
      const { about, threads } = await story(() => within(() => openProcessMonitor((news) => all.push(news))), all)
      expect(about[0]).toBe('forked')
      expect(about.filter((type) => type === 'changed').length).toBeGreaterThanOrEqual(2)
      expect(about.at(-1)).toBe('exited')
      expect(threads).toEqual([])
    })

  test('a larger buffer is had beyond the limit of the system, a smaller one is not', () => {
    for (const [asked, had] of [
      [5_000_000, 10_000_000],
      [2_304, 4_194_304],
    ] as const) {
      const monitor = must(openProcessMonitor(() => {}, asked))
      // The kernel doubles it.
      expect(execFileSync('ss', ['-A', 'netlink', '-Hanm'], { encoding: 'utf8' })).toContain(`rb${had},`)
      monitor.close()
    }
  })
})

describe('processes in /proc', () => {
  test('this one is there, with its command line where that is wanted', () => {
    expect(processIds()).toContain(process.pid)
    expect(describeProcess(process.pid, true)?.arguments[0]).toContain('node')
    expect(describeProcess(process.pid, false)).toMatchObject({ arguments: [] })
  })

  test('one that has ended and is not waited for is gone', async () => {
    // sleep replaces the shell and does not wait for its child.
    const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 30'])
    let text = ''
    parent.stdout.on('data', (data) => {
      text += String(data)
    })
    await until('it is named', () => text.endsWith('\n'))
    const child = Number(text)
    await until('it has ended', () => describeProcess(child, false) === undefined)
    expect(processIds()).toContain(child)
    parent.kill()
  })

  test('a name with blanks and parentheses is read whole', async () => {
    const child = spawn(process.execPath, ['-e', "process.title = 'a) b (c'; process.stdin.resume()"])
    await until('it has its name', () => describeProcess(child.pid ?? 0, false)?.name === 'a) b (c')
    child.kill()
  })
})
