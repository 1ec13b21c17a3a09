/** What the command line decides; fixed for the life of the daemon. */
export type SupervisorOptions = {
  readonly version: string
  readonly configurationFile: string
  /** --strict: a configuration with an error or an unknown keyword is refused at the start too. */
  readonly strict: boolean
  readonly runDirectory: string
  /** -p; absent: holdfastd.pid in the run directory, with the name of the instance in it. */
  readonly pidFile?: string
  /** -r and -c: where the pids of these roles are written. */
  readonly vrrpPidFile?: string
  readonly checkerPidFile?: string
  /** -P and -C: which subsystems may run. */
  readonly vrrp: boolean
  readonly checkers: boolean
  /** Not with -B. */
  readonly bfd: boolean
  readonly backend: 'ebpf' | 'ipvs'
  readonly pinDirectory: string
  /** -V: addresses stay at stop. */
  readonly keepAddresses: boolean
  /** -I: the forwarding table stays at stop. */
  readonly keepForwarding: boolean
  /** Not with -R: a role that dies ends the daemon. */
  readonly respawn: boolean
  /** -D. */
  readonly logDetail: boolean
  /** -d: the parsed configuration is logged. */
  readonly dumpConfiguration: boolean
  /** Where dumps go that the configuration does not name. */
  readonly dumpDirectory: string
}
