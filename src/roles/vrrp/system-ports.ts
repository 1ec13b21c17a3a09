import type { ProcessSettings } from '../../model/index.ts'
import { overwriteText, readText, removeFile, replaceText } from '../../sys/files/index.ts'
import { connectToPredecessor, listenForSuccessor } from '../../sys/handoff/index.ts'
import {
  changeNftables,
  lendAddress,
  makeVirtualLink,
  openRouteClient,
  openRouteMonitor,
  raiseLink,
  removeLink,
  retellLink,
  takeBackAddress,
  watchNftables,
} from '../../sys/netlink/index.ts'
import { setRealTime } from '../../sys/privileges/index.ts'
import {
  openClaimSocket,
  openFrameSocket,
  openUdpReceiver,
  openUdpSender,
  openVrrpSocket,
} from '../../sys/socket/index.ts'
import { lingerUntil, openTimer, systemClock } from '../../sys/time/index.ts'
import type { VrrpPorts } from './ports.ts'

/** How long what is written may take to leave, ms. */
const LAST_WORDS = 500

/** @param settings  of this process, those that concern what it opens */
export const systemPorts = ({
  commandBuffer,
  monitorBuffer,
}: Pick<ProcessSettings, 'commandBuffer' | 'monitorBuffer'> = {}): VrrpPorts => ({
  clock: systemClock,
  openTimer,
  lingerUntil,
  openVrrpSocket,
  openFrameSocket,
  openUdpReceiver,
  openUdpSender,
  random: Math.random,
  openClaimSocket,
  // libbpf is not loaded before there is a flood.
  openFloodGuard: async () => (await import('../../sys/flood-guard/index.ts')).openFloodGuard(),
  openRouteClient: () => openRouteClient({ receiveBuffer: commandBuffer }),
  openRouteMonitor: (options) => openRouteMonitor({ receiveBuffer: monitorBuffer, ...options }),
  changeNftables,
  watchNftables,
  links: {
    make: makeVirtualLink,
    raise: raiseLink,
    remove: removeLink,
    retell: retellLink,
    lendAddress,
    takeBackAddress,
  },
  files: {
    read(path) {
      const read = readText(path)
      return read.ok ? read.value : undefined
    },
    write: (path, text) => overwriteText(path, text).ok,
    replace: (path, text) => void replaceText(path, text),
    remove: (path) => void removeFile(path),
  },
  listenForSuccessor,
  connectToPredecessor,
  setRealTime,
  end() {
    process.exitCode = 0
    // With everything closed the process ends by itself; this is for what somebody else has left open.
    setTimeout(() => process.exit(0), LAST_WORDS).unref()
  },
})
