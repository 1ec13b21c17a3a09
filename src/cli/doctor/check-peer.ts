import type { VirtualRouter } from '../../model/index.ts'
import type { VirtualRouterSnapshot } from '../../observe/index.ts'
import type { Facts, PeerFacts } from './facts.ts'
import { broken, type Finding, warning } from './finding.ts'

/** Logs of two hosts can be read beside each other. */
const SECOND = 1000

/** The other director, as its own daemon tells. */
export function checkPeer(facts: Facts): Finding[] {
  const { peerHost: peer, configuration } = facts
  if (peer === undefined) return []
  if (!peer.reached)
    return [
      broken(
        'peer-unreachable',
        `${peer.address} does not answer a ping`,
        'the other director is down, or nothing gets to it; this one is alone',
        `ping ${peer.address}, and look at the other director`,
      ),
    ]
  const routers = configuration?.virtualRouters ?? []
  return [
    ...(peer.refusal === undefined
      ? []
      : [
          warning(
            'peer-not-asked',
            `the daemon of ${peer.address} could not be asked: ${peer.refusal}`,
            'whether it hears this director, and what it thinks, is not known',
            "run the doctor there as well, or name with --peer-command what runs a command there: 'ssh root@{peer}'",
          ),
        ]),
    ...clock(peer, routers),
    ...routers.flatMap((router) => pairFindings(facts, peer, router)),
  ]
}

function clock({ address, clockAhead, uncertainty = 0 }: PeerFacts, routers: readonly VirtualRouter[]): Finding[] {
  if (clockAhead === undefined) return []
  const apart = Math.max(0, Math.abs(clockAhead) - uncertainty)
  const words = `the clock of ${address} is ${(Math.abs(clockAhead) / SECOND).toFixed(1)} s ${clockAhead > 0 ? 'ahead' : 'behind'}`
  const mend = 'timedatectl set-ntp true on both'
  const signed = routers.find(({ hmac }) => hmac?.antiReplay === 'time' && apart > SECOND * hmac.window)
  if (signed !== undefined)
    return [
      broken(
        'clock',
        words,
        `${signed.name} refuses advertisements that are ${signed.hmac?.window} s old: both become master`,
        mend,
      ),
    ]
  return apart > SECOND ? [warning('clock', words, 'what happened when cannot be told from two logs', mend)] : []
}

function pairFindings({ daemon }: Facts, { address, snapshot }: PeerFacts, router: VirtualRouter): Finding[] {
  const ours = daemon?.virtualRouters.find(({ name }) => name === router.name)
  const theirs = snapshot?.virtualRouters.find(
    ({ virtualRouterId, family }) => virtualRouterId === router.virtualRouterId && family === router.family,
  )
  if (snapshot === undefined || ours === undefined) return []
  if (theirs === undefined)
    return [
      broken(
        'peer-without-router',
        `${address} has no virtual router ${router.virtualRouterId}`,
        `nobody takes over ${router.name} when this director dies`,
        'holdfast config compare with its file, and holdfast reload there',
      ),
    ]
  if (theirs.state === 'fault')
    return [
      broken(
        'peer-in-fault',
        `${theirs.name} of ${address} is in fault: ${theirs.faultReason ?? 'no reason is told'}`,
        'it cannot take over',
        `on ${address}: holdfast why ${theirs.name}`,
      ),
    ]
  if (ours.state === 'master' && theirs.state === 'master')
    return [
      broken(
        'two-masters',
        `${theirs.name} of ${address} is master, and this director is too`,
        'they do not hear each other: a firewall, or a switch that does not carry multicast',
        'the same virtual_router_id, version and password; on the switch: IGMP snooping; holdfast capture on both',
      ),
    ]
  return ours.state === 'master' && theirs.state === 'backup' ? hearing(address, ours, theirs) : []
}

/** A backup that follows somebody else. */
function hearing(address: string, ours: VirtualRouterSnapshot, theirs: VirtualRouterSnapshot): Finding[] {
  const { masterAddress } = theirs
  if (masterAddress === undefined || ours.masterAddress === undefined || masterAddress === ours.masterAddress) return []
  return [
    broken(
      'peer-follows-another',
      `${theirs.name} of ${address} follows ${masterAddress}, and this director, ${ours.masterAddress}, is master`,
      'a third router has the same virtual_router_id',
      'holdfast capture, and find whose address that is',
    ),
  ]
}
