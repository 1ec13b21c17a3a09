import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { fail, ok, type Result } from '../../base/index.ts'

export type Identity = { readonly uid: number; readonly gid: number }

/**
 * Numbers of a user and a group (the user's primary group when none is named), from the local files and, for names
 * they do not hold, from the system's name service through getent.
 */
export function lookUpIdentity(user: string, group?: string): Result<Identity, { readonly message: string }> {
  const account = entry('passwd', user)
  if (account === undefined) return fail({ message: `${user}: no such user` })
  const uid = Number(account[2])
  if (group === undefined) return ok({ uid, gid: Number(account[3]) })
  const found = entry('group', group)
  if (found === undefined) return fail({ message: `${group}: no such group` })
  return ok({ uid, gid: Number(found[2]) })
}

/** Whom this process runs as. */
export const ownIdentity = (): Identity => ({ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 })

/** Why scripts cannot run as these; undefined: they can. */
export function accountFault(user: string, group?: string): string | undefined {
  const found = lookUpIdentity(user, group)
  return found.ok ? undefined : found.error.message
}

/** The name of a user or group in the local files, else its number. */
export const ownerName = (uid: number): string => nameIn('passwd', uid)
export const groupName = (gid: number): string => nameIn('group', gid)

function nameIn(database: 'passwd' | 'group', id: number): string {
  const lines = readText(`/etc/${database}`).split('\n')
  return lines.map((line) => line.split(':')).find((fields) => fields[2] === String(id))?.[0] ?? String(id)
}

function entry(database: 'passwd' | 'group', name: string): readonly string[] | undefined {
  if (!/^[A-Za-z0-9_.][A-Za-z0-9_.@-]*\$?$/.test(name)) return undefined
  return inLines(readText(`/etc/${database}`), name) ?? inLines(getent(database, name), name)
}

function inLines(text: string, name: string): readonly string[] | undefined {
  for (const line of text.split('\n')) {
    const fields = line.split(':')
    if (fields[0] === name && fields.length > 2) return fields
  }
  return undefined
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function getent(database: string, name: string): string {
  try {
    return execFileSync('getent', [database, name], {
      encoding: 'utf8',
      timeout: 2000,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  } catch {
    return ''
  }
}
