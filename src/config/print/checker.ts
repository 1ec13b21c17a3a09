import { assertNever } from '../../base/index.ts'
import { type Checker, httpKeyword, type RealServer } from '../../model/index.ts'
import { grpcLines, httpLines } from './http-checker.ts'
import { fileText, miscText } from './local-checker.ts'
import { probeLines } from './probe-lines.ts'
import { serviceCheckerText } from './service-checker.ts'
import { type Block, keptText, onOff, type Text, word } from './words.ts'

/** A checker of this real server; what it inherited is written in it. */
export function checkerText(checker: Checker, server: RealServer): Text {
  const text = ofKind(checker, server)
  return { ...text, body: [...text.body, ...keptText(checker.kept)] }
}

function ofKind(checker: Checker, server: RealServer): Block {
  switch (checker.kind) {
    case 'tcp':
      return { head: 'TCP_CHECK', body: probeLines(checker, server) }
    case 'http':
      return { head: httpKeyword(checker), body: [...probeLines(checker, server), ...httpLines(checker)] }
    case 'grpc':
      return { head: 'GRPC_CHECK', body: [...probeLines(checker, server), ...grpcLines(checker)] }
    case 'smtp':
    case 'dns':
    case 'udp':
    case 'ping':
      return serviceCheckerText(checker, server)
    case 'misc':
      return miscText(checker)
    case 'file':
      return fileText(checker)
    case 'bfd':
      return { head: 'BFD_CHECK', body: [`name ${word(checker.session)}`, `alpha ${onOff(checker.timing.alpha)}`] }
    default:
      return assertNever(checker)
  }
}
