import type { Result } from '../../base/index.ts'
import { type Command, type Configuration, type Observed, type TrackScript, trackKey } from '../../model/index.ts'
import type { CountedProcess, RunScript } from '../../observe/index.ts'
import type { SupervisorPorts } from './ports.ts'
import { sameButForWeight } from './same-tracker.ts'
import { type TrackedFile, trackFile } from './tracked-file.ts'
import { trackProcesses } from './tracked-processes.ts'
import { type TrackedScript, trackScript } from './tracked-script.ts'

/** What virtual routers track and cannot see themselves: scripts are run, files watched and processes counted here, where there is time. */
export type Trackers = {
  /** From here on exactly these are tracked; those that were before go on. */
  adopt(model: Pick<Configuration, 'trackScripts' | 'trackFiles' | 'trackProcesses' | 'global'>): void
  /** What is known now. */
  observed(): readonly Observed[]
  /** Scripts with what their runs have come to. */
  ran(): readonly RunScript[]
  /** Processes with how many there are. */
  counted(): readonly CountedProcess[]
  stop(): void
}

export function createTrackers(
  ports: SupervisorPorts,
  identify: (command: Command) => Result<Command, string>,
  tell: (observed: readonly Observed[]) => void,
): Trackers {
  const scripts = new Map<string, TrackedScript>()
  const files = new Map<string, TrackedFile>()
  const processes = trackProcesses(ports, tell)
  let adopted = false

  const ofScript = (one: TrackedScript): readonly Observed[] => {
    const observation = one.observation()
    return observation === undefined ? [] : [{ key: trackKey({ kind: 'script', name: one.script.name }), observation }]
  }
  const ofFile = ({ file, observation }: TrackedFile): Observed => ({
    key: trackKey({ kind: 'file', name: file.name }),
    observation: observation(),
  })

  function adoptScripts(wanted: readonly TrackScript[]): void {
    const names = new Set(wanted.map(({ name }) => name))
    for (const [name, one] of scripts) {
      if (names.has(name)) continue
      one.close()
      scripts.delete(name)
    }
    for (const script of wanted) {
      const before = scripts.get(script.name)
      if (before !== undefined && sameButForWeight(before.script, script)) continue
      before?.close()
      const follows = before !== undefined && sameButForWeight(before.script.command, script.command)
      const one = trackScript(ports, script, identify, follows ? before : undefined, () => tell(ofScript(one)))
      scripts.set(script.name, one)
    }
  }

  function adoptFiles(wanted: Configuration['trackFiles']): void {
    const names = new Set(wanted.map(({ name }) => name))
    for (const [name, one] of files) {
      if (names.has(name)) continue
      one.close()
      files.delete(name)
    }
    for (const file of wanted) {
      const before = files.get(file.name)
      if (before !== undefined && sameButForWeight(before.file, file)) continue
      before?.close()
      const one = trackFile(ports, file, !adopted, () => tell([ofFile(one)]))
      files.set(file.name, one)
    }
  }

  const observed = () => [
    ...[...scripts.values()].flatMap(ofScript),
    ...[...files.values()].map(ofFile),
    ...processes.observed(),
  ]

  return {
    adopt(model) {
      adoptScripts(model.trackScripts)
      adoptFiles(model.trackFiles)
      processes.adopt(model.trackProcesses, model.global.daemon?.processMonitorBuffer)
      adopted = true
    },
    observed,
    ran: () =>
      [...scripts.values()].map((one) => {
        const { count, run } = one.state()
        return { script: one.script, count, running: run !== undefined }
      }),
    counted: processes.counted,
    stop() {
      for (const one of [...scripts.values(), ...files.values()]) one.close()
      processes.stop()
      scripts.clear()
      files.clear()
    },
  }
}
