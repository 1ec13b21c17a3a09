import type { Checked } from '../check/index.ts'
import type { Rule } from './rule.ts'

/** A word that only a shell understands; in the one argument of `sh -c` it is none. */
const SHELL_SIGN = /^(?:\|\|?|&&?|;|[012&]?(?:>>?|<)\S*|[^\s'"]*;)$/

/** What bites in scripts, and in the file as such. */
export const scriptRules: readonly Rule[] = [
  {
    name: 'unbalanced-braces',
    finds: 'a block that is not closed',
    why: 'What follows it ends up inside: whole vrrp_instances vanish in silence elsewhere.',
  },
  {
    name: 'script-not-executable',
    finds: 'a script that is not there or not executable',
    why: 'It is missed at the failover, which is the wrong moment.',
  },
  {
    name: 'script-security',
    finds: 'scripts without enable_script_security',
    why: 'A script that others than root may write, run as root, gives them the director.',
  },
  {
    name: 'script-user',
    finds: 'a script whose user or group this host does not have',
    why: 'It is not run, and that shows at the failover, which is the wrong moment.',
  },
  {
    name: 'script-without-path',
    finds: 'a script without its full path',
    why: 'It is searched in the PATH of the daemon, which under systemd is not that of your shell.',
    look(checked, complain) {
      for (const { command, at } of scripts(checked)) {
        const program = command.argv[0] as string
        if (!program.startsWith('/'))
          complain(at, `${program} has no full path`, {
            remedy: `write where it is, as \`command -v ${program}\` tells`,
          })
      }
    },
  },
  {
    name: 'script-without-shell',
    finds: 'pipes, redirections and other signs of the shell in a command',
    why: 'No shell reads it: the program gets | and > as arguments, and the rest of the line with them.',
    look(checked, complain) {
      for (const { command, at } of scripts(checked)) {
        const sign = command.argv.find((word) => SHELL_SIGN.test(word))
        if (sign !== undefined)
          complain(at, `${command.argv[0]} gets ${sign} as an argument: no shell reads the line`, {
            remedy: 'write it into a script, or behind /bin/sh -c in single quotes',
          })
      }
    },
  },
  {
    name: 'slow-script',
    finds: 'a vrrp_script whose timeout is longer than its interval',
    why: 'The next run waits for it, so a script that hangs is noticed later than interval promises.',
    look({ lowered }, complain) {
      for (const { value, at } of lowered.trackScripts)
        if (value.timeout > value.interval)
          complain(
            at,
            `vrrp_script ${value.name} may take ${value.timeout / 1e6} s, and runs every ${value.interval / 1e6} s`,
            {
              remedy: 'shorten timeout, or lengthen interval',
            },
          )
    },
  },
  {
    name: 'script-as-root',
    finds: 'scripts that run as root because nobody else is named',
    why: 'Scripts seldom need it, and a fault in one is then a fault of root.',
    look(checked, complain) {
      if (checked.configuration.global.scriptUser !== undefined) return
      const first = scripts(checked).find(({ command }) => command.user === undefined)
      if (first !== undefined)
        complain(
          first.at,
          'this script, and others without a user, run as keepalived_script, or as root where there is none',
          {
            remedy: 'add script_user to global_defs',
          },
        )
    },
  },
]

function scripts({ lowered }: Checked) {
  const { globals, routers, syncGroups, trackScripts, servers } = lowered
  return [...globals.scripts, ...[...routers, ...syncGroups, ...trackScripts, ...servers].flatMap((one) => one.scripts)]
}
