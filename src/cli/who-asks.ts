import { userInfo } from 'node:os'
import process from 'node:process'

/** The person behind root, where sudo tells. */
export function whoAsks(): string {
  const { SUDO_USER: sudoer } = process.env
  const { username } = userInfo()
  return sudoer === undefined || sudoer === username ? username : `${sudoer} as ${username}`
}
