/** `ipvsadm -S`: the commands that make the table again. */

import type { Destination, Service, ServiceState } from '../../forwarding/index.ts'
import type { ServiceAddress, Tunnel } from '../../model/index.ts'
import { endpointText, type Naming, protocolOf } from './naming.ts'
import { flagWords, maskText } from './service-words.ts'

/** Without thresholds, counters, timeouts and sync daemons, as ipvsadm has it. */
export const saveText = (services: readonly ServiceState[], naming: Naming): string =>
  services
    .flatMap(({ service, destinations }) => {
      const selector = selectorText(service.address, naming)
      return [
        `-A ${selector}${serviceWords(service)}`,
        ...destinations.map((server) => `-a ${selector} ${serverWords(server, service.address, naming)}`),
      ]
    })
    .map((line) => `${line}\n`)
    .join('')

const selectors = { tcp: '-t', udp: '-u', sctp: '--sctp-service' } as const

function selectorText(of: ServiceAddress, naming: Naming): string {
  if (of.kind === 'fwmark') return `-f ${of.mark}${of.family === 6 ? ' -6' : ''}`
  return `${selectors[of.protocol]} ${endpointText(of.address, of.port, of.protocol, naming)}`
}

function serviceWords(service: Service): string {
  const { persistence, persistenceEngine, onePacket, localAddresses = [], tcpOptionAddress } = service
  const mask = persistence === undefined ? undefined : maskText(service.address, persistence)
  const flags = flagWords(service)
  return [
    ` -s ${service.scheduler}`,
    ...(persistence === undefined ? [] : [` -p ${persistence.timeout}`]),
    ...(mask === undefined ? [] : [` -M ${mask}`]),
    ...(persistenceEngine === undefined ? [] : [` --pe ${persistenceEngine}`]),
    ...(onePacket ? [' -o'] : []),
    ...(flags === '' ? [] : [` -b ${flags}`]),
    ...(localAddresses.length === 0 ? [] : [` --laddr ${localAddresses.join(',')}`]),
    ...(tcpOptionAddress === true ? [' --toa'] : []),
  ].join('')
}

const methodOptions = { nat: '-m', dr: '-g', tun: '-i', fullnat: '--fullnat' } as const
const checksumOptions: Readonly<Record<Tunnel['checksum'], string>> = {
  none: '--tun-nocsum',
  checksum: '--tun-csum',
  'remote-checksum': '--tun-remcsum',
}

function serverWords(
  { address, port, method, weight, tunnel }: Destination,
  service: ServiceAddress,
  naming: Naming,
): string {
  const place = endpointText(address, port, protocolOf(service), naming)
  const start = `-r ${place} ${methodOptions[method]} -w ${weight}`
  if (method !== 'tun') return start
  if (tunnel === undefined || tunnel.type === 'ipip') return `${start} --tun-type ipip`
  const portWords = tunnel.type === 'gue' ? ` --tun-port ${tunnel.port}` : ''
  return `${start} --tun-type ${tunnel.type}${portWords} ${checksumOptions[tunnel.checksum]}`
}
