import type { Node } from '../syntax/index.ts'
import type { Lowering } from './arguments.ts'
import { readDnsChecker, readPingChecker, readUdpChecker } from './datagram-checkers.ts'
import { readFileChecker } from './file-checker.ts'
import { readGrpcChecker } from './grpc-checker.ts'
import { readHttpChecker } from './http-checker.ts'
import { keptLines } from './kept-line.ts'
import type { PendingChecker } from './pending-checker.ts'
import { readSmtpChecker } from './smtp-checker.ts'
import { readTcpChecker } from './tcp-checker.ts'

type Reader = (to: Lowering, node: Node) => PendingChecker

/** The reader of each checker block that asks or looks for itself; BFD_CHECK, which is told, is read beside them. */
export const checkerReaders: Readonly<Record<string, Reader>> = keeping({
  TCP_CHECK: readTcpChecker,
  SMTP_CHECK: readSmtpChecker,
  DNS_CHECK: readDnsChecker,
  UDP_CHECK: readUdpChecker,
  PING_CHECK: readPingChecker,
  FILE_CHECK: readFileChecker,
  HTTP_GET: readHttpChecker('HTTP_GET'),
  SSL_GET: readHttpChecker('SSL_GET'),
  HTTP2_GET: readHttpChecker('HTTP2_GET'),
  GRPC_CHECK: readGrpcChecker,
})

/** Lines without effect stay with the checkers. */
function keeping(readers: Readonly<Record<string, Reader>>): Readonly<Record<string, Reader>> {
  const keepingOne =
    (read: Reader): Reader =>
    (to, node) => {
      const pending = read(to, node)
      const kept = keptLines(to, node.block?.nodes ?? [])
      if (kept.length === 0) return pending
      return (parents) => pending(parents).map((checker) => ({ ...checker, kept: [...kept, ...(checker.kept ?? [])] }))
    }
  return Object.fromEntries(Object.entries(readers).map(([name, read]) => [name, keepingOne(read)]))
}
