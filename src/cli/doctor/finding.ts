/** One thing that is wrong, or may be. */
export type Finding = {
  /** `broken`: it does not work, or will not when it has to; `warning`: it works, and may bite. */
  readonly severity: 'broken' | 'warning'
  /** What it is about, by a name that stays: `firewall-vrrp`, `server-answers-arp` … */
  readonly name: string
  readonly finding: string
  readonly why: string
  /** A command, or what to do. */
  readonly mend: string
}

export const broken = (name: string, finding: string, why: string, mend: string): Finding => ({
  severity: 'broken',
  name,
  finding,
  why,
  mend,
})

export const warning = (name: string, finding: string, why: string, mend: string): Finding => ({
  severity: 'warning',
  name,
  finding,
  why,
  mend,
})
