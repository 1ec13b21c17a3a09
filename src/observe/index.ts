/** Read-only views of a running daemon: the snapshot types that status, dumps and JSON share. */

export type * from './snapshot.ts'
