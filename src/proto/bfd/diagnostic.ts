/** Why a session is not up (RFC 5880 §4.1); those that we find ourselves. */
export const diagnostics = {
  none: 0,
  detectionTimeExpired: 1,
  neighbourSignalledDown: 3,
  administrativelyDown: 7,
} as const

/** 0–8. */
export type BfdDiagnostic = number

const TEXTS = [
  'no diagnostic',
  'control detection time expired',
  'echo function failed',
  'neighbour signalled session down',
  'forwarding plane reset',
  'path down',
  'concatenated path down',
  'administratively down',
  'reverse concatenated path down',
]

export const diagnosticText = (of: BfdDiagnostic): string => TEXTS[of] ?? `diagnostic ${of}`
