import type { Diagnostic, DiagnosticKind } from '../../config/index.ts'
import type { Facts } from './facts.ts'
import { broken, type Finding, warning } from './finding.ts'

/** What the language, its lint and the comparison with the other director's file say. */
export function checkConfiguration({ complaints, peer }: Facts): Finding[] {
  const own = complaints
    .toSorted((a, b) => rank(a) - rank(b))
    .map((complaint) =>
      complaint.severity === 'error' || causes.includes(complaint.kind)
        ? broken(
            'configuration',
            placed(complaint),
            'what it concerns is not running as it was meant',
            remedy(complaint),
          )
        : warning('configuration', placed(complaint), 'it is accepted, and seldom meant so', remedy(complaint)),
    )
  const pair = (peer?.complaints ?? []).map((complaint) =>
    complaint.severity === 'error'
      ? broken('pair', placed(complaint), 'the two directors do not make a pair', remedy(complaint))
      : warning('pair', placed(complaint), 'the two directors differ in it', remedy(complaint)),
  )
  return [...own, ...pair]
}

/** A line that is not understood does nothing of what it was written for, and is often why others are complained of. */
const causes: readonly DiagnosticKind[] = ['no-configuration', 'include', 'source', 'syntax', 'unknown-keyword']

const rank = ({ kind }: Diagnostic): number => (causes.includes(kind) ? causes.indexOf(kind) : causes.length)

const placed = ({ file, line, column, message }: Diagnostic): string => `${file}:${line}:${column}: ${message}`

const remedy = ({ remedy: told }: Diagnostic): string => told ?? 'correct that line, then holdfast config check'
