/**
 * How one Holdfast hands all its connections to another that has joined: who has them is asked and offered by datagrams, and
 * they come in frames of a stream. A protocol of our own, on a port of its own: a kernel hears nothing of it. With a key each
 * message is signed together with numbers that both sides have drawn, so that nothing of one handing over passes for
 * another's. Bytes in, values out.
 */

export {
  type Call,
  type CallFault,
  type CallType,
  callSize,
  decodeCall,
  encodeCall,
  LONGEST_CALL,
  NUMBER,
} from './call.ts'
export { encodeFrame, type Frame, type FrameFault, FrameReader, HEADER, LONGEST_FRAME } from './frame.ts'
