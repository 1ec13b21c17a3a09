import { randomInt } from 'node:crypto'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline/promises'
import { fail, ok, type Result } from '../../base/index.ts'
import { type ConfigPorts, compareConfigurations, type Diagnostic, loadConfiguration } from '../../config/index.ts'
import { configurationFiles, fileExists, fullHostName, makeDirectory, replaceText } from '../../sys/files/index.ts'
import { type GenconfWords, type PairPlan, planOf } from './answers.ts'
import { directorText, realServerText } from './texts.ts'

export type GenconfOptions = GenconfWords & {
  /** Questions for what the command line leaves open. */
  readonly ask?: true
  readonly directory: string
  /** Files that are there already are replaced. */
  readonly force?: true
}

const questions: readonly (readonly [name: keyof GenconfWords, question: string, usual?: string])[] = [
  ['vip', 'Virtual address with its prefix (192.0.2.100/24)'],
  ['port', 'Port of the service', '80'],
  ['method', 'How packets reach the real servers: dr, nat or tun', 'dr'],
  ['directors', 'Addresses of the two directors, with a comma between them'],
  ['interface', 'Interface of the directors that gets the virtual address', 'eth0'],
  ['realServers', 'Real servers: ADDRESS[:PORT[:WEIGHT]], with commas between them'],
  ['check', 'Check by tcp, by the path of a page (/health), or none', 'tcp'],
]
const insideQuestions: typeof questions = [
  ['gateway', 'Gateway of the real servers, which moves with the service, with its prefix (10.0.0.1/24)'],
  ['insideInterface', 'Interface of the directors towards the real servers', 'eth1'],
]

/** The exit code: 0 written; 1 not, and nothing was; 2 the answers make no pair. */
export async function runGenconf(options: GenconfOptions): Promise<number> {
  const words = options.ask ? await answered(options) : options
  const plan = planOf(words, randomPassword())
  if (!plan.ok) {
    process.stderr.write(
      `${plan.error}\n${options.ask ? '' : 'holdfast genconf --help lists the options; --ask asks for what is missing\n'}`,
    )
    return 2
  }
  const written = write(plan.value, resolve(options.directory), options.force ?? false)
  if (!written.ok) {
    process.stderr.write(`${written.error}\n`)
    return 1
  }
  process.stdout.write(`${written.value.join('\n')}\n\n${nextSteps(plan.value, written.value)}`)
  return 0
}

async function answered(options: GenconfWords): Promise<GenconfWords> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const given = lines[Symbol.asyncIterator]()
  const words: Record<string, unknown> = { ...options }
  for (const [name, question, usual] of [...questions, ...insideQuestions]) {
    const concernsNat = insideQuestions.some(([inside]) => inside === name)
    if (words[name] !== undefined || (concernsNat && words['method'] !== 'nat')) continue
    process.stderr.write(`${question}${usual === undefined ? '' : ` [${usual}]`}: `)
    const { value, done } = await given.next()
    const answer = done ? '' : value.trim()
    if (answer !== '') words[name] = answer
    else if (usual !== undefined) words[name] = usual
  }
  lines.close()
  return words
}

const letters = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
/** As long as PASS takes. */
const randomPassword = (): string => Array.from({ length: 8 }, () => letters[randomInt(letters.length)]).join('')

function write(plan: PairPlan, directory: string, force: boolean): Result<readonly string[], string> {
  const [first, second] = [join(directory, 'director1.conf'), join(directory, 'director2.conf')]
  const files: readonly (readonly [path: string, text: string, mode: number])[] = [
    [first, directorText(plan, 0), 0o600],
    [second, directorText(plan, 1), 0o600],
    [join(directory, 'realserver.sh'), realServerText(plan), 0o755],
  ]
  const complaints = reviewed([
    { path: first, text: directorText(plan, 0) },
    { path: second, text: directorText(plan, 1) },
  ])
  if (complaints.length > 0) return fail(complaints.join('\n'))
  const there = files.find(([path]) => !force && fileExists(path))
  if (there !== undefined) return fail(`${there[0]} is there already; --force replaces it`)
  const made = makeDirectory(directory)
  if (!made.ok) return fail(made.error.message)
  for (const [path, text, mode] of files) {
    const done = replaceText(path, text, mode)
    if (!done.ok) return fail(done.error.message)
  }
  return ok(files.map(([path]) => path))
}

type Draft = { readonly path: string; readonly text: string }

/** What the language says of the texts, which are nowhere yet. */
function reviewed(files: readonly [Draft, Draft]): readonly string[] {
  // Without the interfaces of this host: the directors may be others.
  const ports: ConfigPorts = {
    list: configurationFiles.list,
    read(path) {
      const file = files.find((candidate) => candidate.path === path)
      if (file === undefined) return configurationFiles.read(path)
      return ok({ bytes: new TextEncoder().encode(file.text), executable: false })
    },
  }
  const options = { hostName: fullHostName(), configId: '', environment: {} }
  const [first, second] = files
  const { differences } = compareConfigurations(ports, { path: first.path, options }, { path: second.path, options })
  const all: readonly Diagnostic[] = [
    ...files.flatMap(({ path }) => loadConfiguration(ports, path, options).diagnostics),
    ...differences,
  ]
  return all.map(({ message }) => message)
}

function nextSteps({ directors, method }: PairPlan, [first, second, third]: readonly string[]): string {
  return `On ${directors[0]}:  install -D -m 600 ${first} /etc/keepalived/keepalived.conf && systemctl enable --now holdfast
On ${directors[1]}:  install -D -m 600 ${second} /etc/keepalived/keepalived.conf && systemctl enable --now holdfast
On each real server:  ${third}
${method === 'nat' ? 'On both directors:  sysctl -w net.ipv4.ip_forward=1\n' : ''}`
}
