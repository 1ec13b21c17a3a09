/** slow_start as an operator sees it in the table. */
import { join } from 'node:path'
import { expect } from 'vitest'
import { lab } from './lab-test.ts'
import type { Host } from './library/index.ts'
import { repositoryRoot } from './library/root.ts'
import { PATIENCE } from './library/wait.ts'
import { returnsSlowly } from './slow-start-scene.ts'

const command = [process.execPath, join(repositoryRoot, 'bin/holdfast'), 'ipvsadm']

async function list(director: Host): Promise<string> {
  const place = ['--run-dir', join(director.directory, 'holdfast')]
  const { status, stdout, stderr } = await director.exec(...command, ...place, '-Ln')
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout
}

lab('a server that comes back is listed by ipvsadm with weights that grow up to its own', (lab) =>
  returnsSlowly(lab, list, { slowStart: 30, within: PATIENCE }),
)
