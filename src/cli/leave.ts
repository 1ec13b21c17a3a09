import process from 'node:process'

/**
 * Ends the process when all that was written has gone out: a pipe takes 64 KiB at a time, and `process.exit` would lose what
 * waits behind it. A reader that has gone away keeps nobody.
 */
export async function leave(exitCode: number): Promise<never> {
  await Promise.all([process.stdout, process.stderr].map(written))
  process.exit(exitCode)
}

const written = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((done) => {
    stream.once('error', () => done())
    if (stream.writableLength === 0) done()
    else stream.write('', () => done())
  })
