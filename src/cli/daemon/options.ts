import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { fail, ok, type Result } from '../../base/index.ts'

/** What `holdfastd` was told. */
export type DaemonOptions = {
  readonly configurationFile?: string
  /** -t, and where its messages are appended. */
  readonly configTest?: { readonly file?: string }
  /** --strict: an error, or an unknown keyword, refuses the whole configuration. */
  readonly strict: boolean
  readonly foreground: boolean
  readonly logConsole: boolean
  readonly logDetail: boolean
  readonly logJson: boolean
  readonly syslog: boolean
  /** Number of the syslog facility. */
  readonly facility: number
  readonly dumpConfiguration: boolean
  readonly vrrp: boolean
  readonly checkers: boolean
  readonly bfd: boolean
  readonly pidFile?: string
  readonly vrrpPidFile?: string
  readonly checkerPidFile?: string
  readonly configId?: string
  /** Every include that fails counts. */
  readonly everyInclude: boolean
  readonly respawn: boolean
  readonly keepAddresses: boolean
  readonly keepForwarding: boolean
  readonly namespace?: string
  readonly umask?: number
  readonly runDirectory: string
  readonly backend: 'ebpf' | 'ipvs'
  readonly ignoreInterrupt: boolean
  /** Options that were accepted and have no effect, as the user wrote their names. */
  readonly withoutEffect: readonly string[]
}

/** The end of the program without a daemon: what to print where, and the exit code. */
export type Answer = { readonly exitCode: number; readonly text: string; readonly stream: 'stdout' | 'stderr' }

const facilities: Readonly<Record<string, number>> = {
  user: 1,
  daemon: 3,
  ...Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`local${n}`, 16 + n])),
  ...Object.fromEntries(Array.from({ length: 8 }, (_, n) => [String(n), 16 + n])),
}

/** Numbers that --signum prints. */
const signalNumbers: Readonly<Record<string, number>> = {
  STOP: 15,
  RELOAD: 1,
  DATA: 10,
  STATS: 12,
  STATS_CLEAR: 63,
  JSON: 36,
  TDUMP: 64,
}

/** keepalived's options that are accepted without effect: short, long, its argument, what it is for there. */
const accepted: readonly (readonly [flags: string, meaning: string])[] = [
  ['--all', 'start every child'],
  ['-g, --log-file [file]', 'also log to a file'],
  ['--flush-log-file', 'flush after each line'],
  ['-X, --release-vips', 'drop addresses on transitions caused by a signal'],
  ['-b, --bfd_pid <file>', 'pid file of the BFD process'],
  ['-a, --address-monitoring', 'log every address change'],
  ['-x, --snmp', 'SNMP'],
  ['-A, --snmp-agent-socket <spec>', 'AgentX socket'],
  ['-m, --core-dump', 'allow core files'],
  ['-M, --core-dump-pattern [pattern]', 'core file pattern'],
  ['--perf [when]', 'profiling'],
  ['--debug [letters]', 'debugging topics'],
  ['--no-mem-check', 'debugging builds'],
  ['-L, --mem-check-log', 'debugging builds'],
  ['-O, --openssl-mem-check', 'debugging builds'],
]

function facility(value: string): number {
  const number = facilities[value.toLowerCase()]
  if (number === undefined) throw new InvalidArgumentError('It is 0-7, local0-local7, user or daemon.')
  return number
}

function umask(value: string): number {
  const number = /^0x/i.test(value) ? Number.parseInt(value, 16) : Number.parseInt(value, /^0/.test(value) ? 8 : 10)
  if (!/^(0x)?[0-9a-f]+$/i.test(value) || !(number >= 0 && number <= 0o777)) {
    throw new InvalidArgumentError('It is a number up to 0777.')
  }
  return number
}

/** The options of `holdfastd`, as commander knows them. */
export function daemonCommand(): Command {
  const command = new Command('holdfastd')
    .description(
      'Keeps addresses and services up: VRRP failover, health checks and load balancing from a keepalived.conf.',
    )
    .helpOption('-h, --help', 'this text')
    .allowExcessArguments(false)
    .option('-f, --use-file <file>', 'configuration (default: /etc/keepalived/keepalived.conf and the places below)')
    .option(
      '-t, --config-test [file]',
      'check the configuration and end; messages go to standard error or to the end of a file',
    )
    .option('--strict', 'do not start, and fail -t, when the configuration has an error or an unknown keyword')
    .option('-n, --dont-fork', 'stay in the foreground')
    .option('-l, --log-console', 'log to standard error as well')
    .option('-D, --log-detail', 'detailed log')
    .option('--log-json', 'log JSON lines to standard error')
    .option('-S, --log-facility <name>', 'syslog facility: 0-7, local0-local7, user, daemon', facility, 3)
    .option('-G, --no-syslog', 'no syslog')
    .option('-d, --dump-conf', 'log the configuration as understood')
    .option('-P, --vrrp', 'only the VRRP subsystem (with -C: both)')
    .option('-C, --check', 'only the checkers and forwarding')
    .option('-B, --no_bfd', 'no BFD sessions')
    .option('-R, --dont-respawn', 'stop everything when a process of ours dies')
    .option('-V, --dont-release-vrrp', 'keep addresses at stop')
    .option('-I, --dont-release-ipvs', 'keep the forwarding table at stop')
    .option('-e, --all-config', 'an include that fails ends the start, whatever include_check says')
    .option('-i, --config-id <id>', 'configuration id for @id lines (default: host name)')
    .option('-s, --namespace <name>', 'network namespace to work in')
    .option('-p, --pid <file>', 'pid file (default: RUN-DIR/holdfastd.pid)')
    .option('-r, --vrrp_pid <file>', 'pid file of the vrrp role')
    .option('-c, --checkers_pid <file>', 'pid file of the checker role')
    .option('-u, --umask <mask>', 'file creation mask, any base', umask)
    .option(
      '--run-dir <directory>',
      'sockets and state of this daemon; a second daemon needs another one',
      '/run/holdfast',
    )
    .addOption(new Option('--backend <name>', 'forwarding').choices(['ebpf', 'ipvs']).default('ebpf'))
    .option('--ignore-sigint', 'for debuggers')
    .option('--signum <name>', 'print the number of STOP, RELOAD, DATA, STATS, STATS_CLEAR, JSON or TDUMP and end')
    .option('-v, --version', 'print the version and end')
    .addHelpText(
      'after',
      '\nWithout -f the first of these is read: /etc/keepalived/keepalived.conf, /etc/keepalived.conf,\n/etc/holdfast/keepalived.conf.\n',
    )
    .exitOverride()
  for (const [flags, meaning] of accepted)
    command.addOption(new Option(flags, `${meaning} (accepted, without effect)`).hideHelp())
  return command
}

/** Reads the command line after the program's name. */
export function parseDaemonOptions(argv: readonly string[], version: string): Result<DaemonOptions, Answer> {
  let output = ''
  const command = daemonCommand().configureOutput({
    writeOut: (text) => {
      output += text
    },
    writeErr: (text) => {
      output += text
    },
    outputError: (text, write) => write(`holdfastd: ${text.replace(/^error: /, '')}`),
  })
  try {
    command.parse([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return fail({ exitCode: error.code === 'commander.helpDisplayed' ? 0 : 1, text: output, stream: 'stderr' })
  }
  const given = command.opts<Record<string, unknown>>()
  if (given['version'] === true) return fail({ exitCode: 0, text: `holdfast ${version}\n`, stream: 'stderr' })
  const signum = text(given['signum'])
  if (signum !== undefined) return fail(signalAnswer(signum))
  return ok(optionsFrom(given))
}

function signalAnswer(name: string): Answer {
  const number = signalNumbers[name]
  return number === undefined
    ? {
        exitCode: 1,
        text: `holdfastd: no signal for ${name}; there are ${Object.keys(signalNumbers).join(', ')}\n`,
        stream: 'stderr',
      }
    : { exitCode: 0, text: `${number}\n`, stream: 'stdout' }
}

function optionsFrom(given: Readonly<Record<string, unknown>>): DaemonOptions {
  const onlyVrrp = given['vrrp'] === true
  const onlyCheckers = given['check'] === true
  const testFile = text(given['configTest'])
  return {
    ...optional('configurationFile', text(given['useFile'])),
    ...(given['configTest'] === undefined ? {} : { configTest: optional('file', testFile) }),
    strict: given['strict'] === true,
    foreground: given['dontFork'] === true,
    logConsole: given['logConsole'] === true,
    logDetail: given['logDetail'] === true,
    logJson: given['logJson'] === true,
    syslog: given['syslog'] !== false,
    facility: given['logFacility'] as number,
    dumpConfiguration: given['dumpConf'] === true,
    vrrp: onlyVrrp || !onlyCheckers,
    checkers: onlyCheckers || !onlyVrrp,
    bfd: given['no_bfd'] !== true,
    ...optional('pidFile', text(given['pid'])),
    ...optional('vrrpPidFile', text(given['vrrp_pid'])),
    ...optional('checkerPidFile', text(given['checkers_pid'])),
    ...optional('configId', text(given['configId'])),
    everyInclude: given['allConfig'] === true,
    respawn: given['dontRespawn'] !== true,
    keepAddresses: given['dontReleaseVrrp'] === true,
    keepForwarding: given['dontReleaseIpvs'] === true,
    ...optional('namespace', text(given['namespace'])),
    ...(typeof given['umask'] === 'number' ? { umask: given['umask'] } : {}),
    runDirectory: text(given['runDir']) ?? '/run/holdfast',
    backend: given['backend'] === 'ipvs' ? 'ipvs' : 'ebpf',
    ignoreInterrupt: given['ignoreSigint'] === true,
    withoutEffect: accepted
      .map(([flags]) => new Option(flags))
      .filter(
        (option) =>
          given[option.attributeName()] !== undefined && given[option.attributeName()] !== option.defaultValue,
      )
      .filter((option) => !option.negate || given[option.attributeName()] === false)
      .map((option) => option.long ?? option.short ?? option.flags),
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

const optional = <K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V }
