import type { Lowering } from './arguments.ts'

/**
 * For lines without which a check would be weaker than it was meant (keepalived has none of these words): where one is wrong, it is
 * told what comes of that, and servers fail the check.
 * @param faults  what is wrong is added here, in words
 */
export function strictly(
  to: Lowering,
  faults: string[],
  consequence = 'the server counts as down until it is corrected',
): Lowering {
  return {
    ...to,
    report: {
      ...to.report,
      error(kind, at, message, details) {
        const fault = message.replace(/; the line has no effect$/, '')
        faults.push(fault)
        to.report.error(kind, at, `${fault}; ${consequence}`, details)
      },
    },
  }
}

/** The first of them, for the model. */
export const faultOf = ([fault]: readonly string[]): { readonly fault?: string } =>
  fault === undefined ? {} : { fault }
