import type { IpAddress } from '../../base/index.ts'
import type { SocketKind } from '../flood-guard/index.ts'
import type { VrrpDatagram } from './ports.ts'

/** An option to set, by the name its error will carry. `optional`: an older kernel may lack it. */
export type SocketOption = {
  readonly name: string
  readonly level: number
  readonly option: number
  readonly value: number | Uint8Array
  readonly optional?: boolean
}

/** What the kernel wants besides the payload to send one message; kept by the socket and reused. */
export type SendHeader = { readonly address: Uint8Array; readonly control: Uint8Array }

/** What differs between the families; one file each. */
export type VrrpFamily = {
  readonly domain: number
  readonly protocol: number
  /** What a filter on its socket sees. */
  readonly kind: SocketKind
  options(interfaceIndex: number): readonly SocketOption[]
  join(group: IpAddress, interfaceIndex: number): SocketOption
  sendHeader(source: IpAddress, destination: IpAddress, hopLimit: number, interfaceIndex: number): SendHeader
  /** The datagram in what recvmsg gave; undefined when it is not even one of its family. `data` is kept by reference. */
  receive(data: Uint8Array, address: Uint8Array, control: Uint8Array): VrrpDatagram | undefined
}
