import type { Command } from 'commander'
import { bold, entry, lines, page, paragraph, plain, section, subsection } from './roff.ts'

/** holdfast(1): every command with its options. */
export function holdfastPage(program: Command, version: string): string {
  return page(
    { name: 'holdfast', number: 1, about: 'look at and operate a running holdfastd, look at configurations', version },
    [
      section('SYNOPSIS', `${bold('holdfast')} ${plain('COMMAND [options] [arguments]')}`),
      section(
        'DESCRIPTION',
        paragraph(
          'Asks the daemon of this host by its control socket, as root: what runs and why, who is to be master, which real servers take connections. Looks at configurations, which needs neither a daemon nor root. A real server is named as 10.0.0.1:80, [2001:db8::1]:80, by its address for all its ports, or by the name that `real_server dns` or `srv` lists it by. Lengths of time are written 90s, 10m, 2h or 3d.',
        ),
      ),
      section('COMMANDS', ...everyLeaf(program).map(commandPart)),
      section(
        'EXIT STATUS',
        entry('0', 'It was done.'),
        entry(
          '1',
          'It was not, and standard error has the reason; no daemon runs; or there is what the command looks for.',
        ),
        entry('2', 'Of `doctor`, `config` and `rollout`: worse, as the command says.'),
      ),
      section(
        'FILES',
        entry(bold('/run/holdfast/control.sock'), 'where the daemon answers; `--run-dir` names another directory'),
      ),
      section('EXAMPLES', lines(EXAMPLES)),
    ],
    ['holdfastd(8)', 'holdfast.conf(5)', 'holdfast-ipvsadm(8)'],
  )
}

const EXAMPLES = `holdfast status
holdfast why VI_1
holdfast why 10.0.0.21:80
holdfast drain 10.0.0.21:80 --wait --deadline 10m --reason "new disks"
holdfast undrain 10.0.0.21:80
holdfast config diff && holdfast reload`

/** holdfastd(8): its options, signals and exit codes. */
export function daemonPage(command: Command, version: string): string {
  const accepted = command.options.filter(({ hidden }) => hidden)
  return page(
    {
      name: 'holdfastd',
      number: 8,
      about: 'keep addresses and services up: VRRP, health checks, load balancing',
      version,
    },
    [
      section('SYNOPSIS', `${bold('holdfastd')} ${plain('[options]')}`),
      section(
        'DESCRIPTION',
        paragraph(
          'Two or more hosts share virtual addresses: the master holds them, and another host takes them over when it falls silent (VRRP). Whoever holds them spreads what clients send over real servers and leaves out those that fail their checks. It is configured by a keepalived.conf, see `holdfast.conf`(5).',
        ),
        paragraph(
          'Without `-n` the command ends once the daemon serves, with 0, or with the exit status of its failure and one sentence that says why.',
        ),
      ),
      section('OPTIONS', ...optionEntries(command)),
      section(
        'ACCEPTED WITHOUT EFFECT',
        paragraph("keepalived's options that mean nothing here are named in the log:"),
        plain(`${accepted.map(({ flags }) => flags).join('; ')}.`),
      ),
      section('SIGNALS', ...SIGNALS.map(([name, means]) => entry(bold(name), means))),
      section('EXIT STATUS', ...STATUSES.map(([status, means]) => entry(status, means))),
      section('FILES', ...FILES.map(([path, means]) => entry(bold(path), means))),
    ],
    ['holdfast(1)', 'holdfast.conf(5)', 'holdfast-ipvsadm(8)', 'systemd(1)'],
  )
}

const SIGNALS: readonly (readonly [name: string, means: string])[] = [
  [
    'TERM, INT',
    'orderly stop: masters resign, then addresses and the forwarding table go; a second one waits for nobody',
  ],
  ['HUP', 'read the configuration again; one with an error is refused, and what runs goes on'],
  ['USR1', 'write the state to keepalived.data in $TMPDIR or /tmp (`state_dump_file`)'],
  ['USR2', 'write the statistics of VRRP to keepalived.stats there (`stats_dump_file`)'],
  ['RTMIN+2', 'write the virtual routers as JSON to keepalived.json there (`json_dump_file`)'],
  ['RTMAX-1', 'as USR2, and count from 0 again'],
]

const STATUSES: readonly (readonly [status: string, means: string])[] = [
  ['0', 'an orderly end'],
  ['1', 'an unknown option; a daemon runs already; a part of it cannot start'],
  ['2', 'the configuration holds nothing that could run'],
  ['4', 'no permission'],
  ['6', 'no configuration that can be read; with `--strict`, one with an error or an unknown keyword'],
  ['70', 'a bug; the log has its place, and the next daemon takes over what runs'],
]

const FILES: readonly (readonly [path: string, means: string])[] = [
  ['/etc/keepalived/keepalived.conf', 'the configuration; else /etc/keepalived.conf, /etc/holdfast/keepalived.conf'],
  ['/run/holdfast', 'control socket, pid file, journal and what is kept over a restart (`--run-dir`)'],
  ['/sys/fs/bpf/holdfast', 'the forwarding table, which outlives the daemon'],
]

/** Commands that do something, the outer ones before the inner. */
const everyLeaf = (of: Command): readonly Command[] =>
  of.commands.length === 0 ? [of] : of.commands.flatMap(everyLeaf)

function commandPart(command: Command): string {
  const help = command.createHelp()
  const given = help
    .visibleArguments(command)
    .map((one) => entry(bold(help.argumentTerm(one)), help.argumentDescription(one)))
  return subsection(
    help.commandUsage(command).replace(/^holdfast /, ''),
    paragraph(`${command.description()}.`),
    ...given,
    ...optionEntries(command),
  )
}

function optionEntries(command: Command): readonly string[] {
  const help = command.createHelp()
  return help
    .visibleOptions(command)
    .filter(({ long }) => long !== '--help')
    .map((one) => entry(bold(help.optionTerm(one)), help.optionDescription(one)))
}
