/**
 * Named pipes that are written to and that nobody need read: they are opened for both directions, so that opening waits for
 * no reader, what is written is there for one that comes later, and a full pipe is a value. Owns the pipe's name if it made
 * it. Does badly: who else reads or writes there is not seen.
 */

export * from './fifo.ts'
