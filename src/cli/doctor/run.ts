import process from 'node:process'
import { fileExists } from '../../sys/files/index.ts'
import { findConfiguration } from '../daemon/places.ts'
import { examine } from './checks.ts'
import type { Finding } from './finding.ts'
import { gatherFacts } from './gather.ts'

export type DoctorCommand = {
  readonly config?: string
  readonly peer?: string
  readonly peerCommand: string
  readonly json?: true
  readonly runDir: string
}

/** The exit code: 0 healthy, 1 warnings, 2 broken. */
export async function runDoctor({ config, peer, peerCommand, json, runDir }: DoctorCommand): Promise<number> {
  const file = findConfiguration(config, fileExists)
  const facts = await gatherFacts({ config: file, runDir, peerCommand, ...(peer === undefined ? {} : { peer }) })
  const findings = examine(facts)
  const verdict = findings.some(({ severity }) => severity === 'broken') ? 2 : findings.length > 0 ? 1 : 0
  const word = (['healthy', 'warnings', 'broken'] as const)[verdict]
  process.stdout.write(json ? `${JSON.stringify({ verdict: word, findings }, undefined, 2)}\n` : textOf(findings, word))
  return verdict
}

const textOf = (findings: readonly Finding[], verdict: string): string =>
  [
    ...findings.map(
      ({ severity, name, finding, why, mend }) => `${severity}: ${finding} [${name}]\n    ${why}\n    ${mend}\n`,
    ),
    `${verdict}\n`,
  ].join('')
