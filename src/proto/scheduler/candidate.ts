/** A destination as a scheduler sees it, in the order of the service's list: newest first. */
export type Candidate = {
  /** 0: no new connections. */
  readonly weight: number
  readonly active: number
  /** Active and inactive together. */
  readonly total: number
  /** Above its connection limit. */
  readonly overloaded: boolean
}

/** Whether it may have a new connection. */
export const available = ({ weight, overloaded }: Pick<Candidate, 'weight' | 'overloaded'>): boolean =>
  weight > 0 && !overloaded
