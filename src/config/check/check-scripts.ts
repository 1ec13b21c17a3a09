import type { Command } from '../../model/index.ts'
import type { Lowered } from '../lower/index.ts'
import type { Report, Span } from '../report.ts'

type Script = { readonly command: Command; readonly at: Span }

/**
 * Can each script be run, and is anything watched over it? Scripts run without enable_script_security are one complaint of
 * kind security (keepalived.conf(5)), as soon as one of them exists.
 */
export function checkScripts(lowered: Lowered, isExecutable: (path: string) => boolean, report: Report): void {
  const { globals, routers, syncGroups, trackScripts, servers } = lowered
  const scripts: readonly Script[] = [
    ...globals.scripts,
    ...routers.flatMap((router) => router.scripts),
    ...syncGroups.flatMap((group) => group.scripts),
    ...trackScripts.flatMap((script) => script.scripts),
    ...servers.flatMap((server) => server.scripts),
  ]
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
