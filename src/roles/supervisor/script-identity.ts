import { fail, ok, type Result } from '../../base/index.ts'
import type { Command, GlobalDefs } from '../../model/index.ts'
import type { SupervisorPorts } from './ports.ts'

/** keepalived's default user for scripts, where it exists. */
const defaultUser = 'keepalived_script'

/**
 * A command with the user it runs as: its own, that of script_user, keepalived_script if there is one, else ourselves.
 * With enable_script_security the last is refused, and root runs no script that somebody else could change; the failure
 * says why.
 */
export function scriptIdentity(
  command: Command,
  global: Pick<GlobalDefs, 'scriptUser' | 'enableScriptSecurity' | 'supplementaryGroups'>,
  ports: Pick<SupervisorPorts, 'identity' | 'unsafeScript'>,
): Result<Command, string> {
  const { scriptUser, enableScriptSecurity } = global
  const known: Command =
    command.user !== undefined
      ? command
      : scriptUser !== undefined
        ? { ...command, ...scriptUser }
        : ports.identity(defaultUser) !== undefined
          ? { ...command, user: defaultUser }
          : command
  const identified: Command = global.supplementaryGroups === true ? { ...known, supplementaryGroups: true } : known
  if (!enableScriptSecurity) return ok(identified)
  if (identified.user === undefined) {
    return fail(`enable_script_security is on and no user is set; add script_user or create ${defaultUser}`)
  }
  const program = identified.argv[0]
  if (program === undefined || ports.identity(identified.user, identified.group)?.uid !== 0) return ok(identified)
  const unsafe = ports.unsafeScript(program)
  return unsafe === undefined ? ok(identified) : fail(`root does not run it: ${unsafe}`)
}
