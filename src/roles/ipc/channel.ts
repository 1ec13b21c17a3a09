/** One end of a role's conversation with its supervisor. Messages arrive in order; values survive structured cloning. */
export type Channel<In, Out> = {
  send(message: Out): void
  onMessage(handler: (message: In) => void): void
  /** The other process is gone. */
  onClosed(handler: () => void): void
  close(): void
}
