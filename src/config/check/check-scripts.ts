import type { Command } from '../../model/index.ts'
import type { Lowered } from '../lower/index.ts'
import type { ConfigPorts } from '../ports.ts'
import type { Report, Span } from '../report.ts'

type Script = { readonly command: Command; readonly at: Span }

/** Whom keepalived takes for scripts where nobody is named, if there is such a user. */
const DEFAULT_USER = 'keepalived_script'

/**
 * Can each script be run, as whom, and is anything watched over it? Scripts run without enable_script_security are one complaint of
 * kind security (keepalived.conf(5)), as soon as one of them exists.
 */
export function checkScripts(
  lowered: Lowered,
  { isExecutable = () => true, accountFault }: Pick<ConfigPorts, 'isExecutable' | 'accountFault'>,
  report: Report,
): void {
  const { globals, routers, syncGroups, trackScripts, servers } = lowered
  const scripts: readonly Script[] = [
    ...globals.scripts,
    ...routers.flatMap((router) => router.scripts),
    ...syncGroups.flatMap((group) => group.scripts),
    ...trackScripts.flatMap((script) => script.scripts),
    ...servers.flatMap((server) => server.scripts),
  ]
  if (accountFault !== undefined) checkUsers(lowered.globals, scripts, accountFault, report)
  let first: Script | undefined
  for (const script of scripts) {
    const program = script.command.argv[0] as string
    // A name without a slash is searched in PATH when it is run.
    if (!program.includes('/') || isExecutable(program)) first ??= script
    else
      report.warning('remark', script.at, `${program} is not there or not executable; it will not run`, {
        rule: 'script-not-executable',
        remedy: 'install it, or chmod a+x it',
      })
  }
  if (first !== undefined && !globals.defs.enableScriptSecurity)
    report.warning('security', first.at, 'scripts run without enable_script_security', {
      rule: 'script-security',
      remedy: 'add enable_script_security to global_defs',
    })
}

/** Is there each user and group that scripts are to run as? */
function checkUsers(
  { defs, scriptUserAt }: Lowered['globals'],
  scripts: readonly Script[],
  accountFault: (user: string, group?: string) => string | undefined,
  report: Report,
): void {
  const say = (at: Span, why: string, remedy: string): void =>
    report.warning('remark', at, why, { rule: 'script-user', remedy })
  const { user, group } = defs.scriptUser ?? {}
  const fault = user === undefined ? undefined : accountFault(user, group)
  if (fault !== undefined && scriptUserAt !== undefined)
    say(scriptUserAt, `${fault}; scripts without a user of their own will not run`, 'create it, or name another')
  const unnamed = user === undefined ? scripts.find(({ command }) => command.user === undefined) : undefined
  if (unnamed !== undefined && defs.enableScriptSecurity && accountFault(DEFAULT_USER) !== undefined)
    say(
      unnamed.at,
      `enable_script_security wants a user, and there is no ${DEFAULT_USER} here; this script will not run, nor will others without one`,
      'add script_user to global_defs',
    )
  for (const { command, at } of scripts) {
    const own = command.user === undefined ? undefined : accountFault(command.user, command.group)
    if (own !== undefined) say(at, `${own}; ${command.argv[0]} will not run`, 'create it, or name another')
  }
}
