/**
 * The meeting of a process that outlived its parent with the one that takes its place: JSON lines over a unix socket of
 * mode 0600. Owns that socket. What is handed over is between the two; both are vrrp roles.
 */

export {
  connectToPredecessor,
  type HandoffConnection,
  type HandoffError,
  type HandoffListener,
  listenForSuccessor,
} from './handoff.ts'
