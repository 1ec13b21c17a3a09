import { spawn } from 'node:child_process'
import process from 'node:process'

const marker = 'HOLDFAST_BACKGROUND'

/** We are the daemon that `startInBackground` made, and somebody waits for our word. */
export const isBackground = (): boolean => process.env[marker] === '1'

/**
 * Starts this program again in a session of its own and waits until it says that it serves, or ends. It begins in our directory,
 * from which the command line names files.
 * @returns the exit code for the one who waits: 0 when the daemon serves
 */
export function startInBackground(): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    detached: true,
    env: { ...process.env, [marker]: '1' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  child.stderr?.pipe(process.stderr)
  return new Promise((resolve) => {
    child.on('message', () => resolve(0))
    // 'close' comes when its last words have been read.
    child.on('close', (code) => resolve(code ?? 1))
  })
}

/** Tells who waits that we serve, and lets go of the terminal. */
export function serveInBackground(): void {
  delete process.env[marker]
  process.stderr.on('error', () => {})
  process.send?.('ready', () => process.disconnect())
}
