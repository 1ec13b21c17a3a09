/** How the kernel is to run a process of ours. What is absent stays as the process finds it. */
export type ProcessSettings = {
  /** What ps and top show, at most 15 bytes. */
  readonly name?: string
  /** −20…19. */
  readonly nice?: number
  /** SCHED_RR, 1–99. */
  readonly realTimePriority?: number
  /** Numbers of the processors it may run on. */
  readonly cpus?: readonly number[]
  /** The program stays in memory: its code, libraries, stack and heap of C. */
  readonly locksProgram?: true
  /** Microseconds of processor time without a pause, in the real-time class, after which the kernel ends it. */
  readonly processorTime?: number
  /** Bytes of the kernel's answers to commands that may wait to be read. */
  readonly commandBuffer?: number
  /** Bytes of news from the kernel, of links, addresses and routes, that may wait to be read; less than ours is ours. */
  readonly monitorBuffer?: number
}

/** Of the daemon's processes and files; nothing that virtual routers or servers depend on. */
export type DaemonSettings = {
  /** Tells daemons of one host apart: in the log, and in the names of its pid file and, if wanted, of dumps. */
  readonly instance?: string
  /** data_use_instance: dumps have the names of the network namespace and the instance in theirs. */
  readonly dumpsWithInstance?: true
  /** The supervisor's name. */
  readonly processName?: string
  readonly vrrp?: ProcessSettings
  readonly checker?: ProcessSettings
  /** The same for news of processes. */
  readonly processMonitorBuffer?: number
  /** Gets what the check before each reload has to say; '': nothing does. */
  readonly reloadCheckLog?: string
  /** File creation mask, 0–0777; -u counts more. */
  readonly umask?: number
  /** Where USR2 writes VRRP's counters; the default is TMP/keepalived.stats. */
  readonly statsDumpFile?: string
  /** Where RTMIN+2 writes its JSON; the default is TMP/keepalived.json. */
  readonly jsonDumpFile?: string
  /** 2: the virtual routers stand in an object, under `vrrp`. */
  readonly jsonVersion?: 1 | 2
  /** Holds the time of a reload to come. */
  readonly reloadTimeFile?: string
  /** A time without a date stays in that file, for every day. */
  readonly reloadRepeat?: true
  /** Is there exactly while configuration files are read; '': keepalived.reload in the run directory. */
  readonly reloadFile?: string
  /** Where a copy of each configuration that took effect is kept. */
  readonly configurationCopies?: string
}
