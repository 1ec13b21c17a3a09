import { fork } from 'node:child_process'

export type ChildExit = { readonly code: number | undefined; readonly signal: string | undefined }

/** A forked Node process that speaks over an IPC channel. */
export type Child = {
  readonly pid: number | undefined
  /** Dropped in silence when the other side is gone: its exit is reported anyway. */
  send(message: unknown): void
  kill(signal: 'SIGTERM' | 'SIGKILL'): void
}

export type ChildHandlers = {
  readonly onMessage: (message: unknown) => void
  /** Once, after the last message. */
  readonly onExit: (exit: ChildExit) => void
}

export type ForkOptions = {
  /** Path of the module the child runs. */
  readonly module: string
  readonly args: readonly string[]
  /** Options for node itself. */
  readonly nodeOptions: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Where its standard output and error go: ours, or nowhere. */
  readonly output: 'inherit' | 'ignore'
}

/** Starts the module in a session of its own, so that a signal to our process group (Ctrl-C) does not reach it. */
export function forkChild(options: ForkOptions, handlers: ChildHandlers): Child {
  const child = fork(options.module, [...options.args], {
    execArgv: [...options.nodeOptions],
    env: { ...options.environment },
    serialization: 'advanced',
    detached: true,
    stdio: ['ignore', options.output, options.output, 'ipc'],
  })
  let exited = false
  const finish = (exit: ChildExit) => {
    if (exited) return
    exited = true
    handlers.onExit(exit)
  }
  // In pieces, as `parentChannel` sends them.
  child.on('message', (messages) => {
    for (const message of messages as readonly unknown[]) handlers.onMessage(message)
  })
  // The channel may still hold messages when 'exit' comes; 'close' comes after both.
  child.on('exit', (code, signal) => {
    const exit = { code: code ?? undefined, signal: signal ?? undefined }
    if (!child.connected) finish(exit)
    else child.once('disconnect', () => finish(exit))
  })
  child.on('error', () => {
    // Not started at all (no exit will follow), or not reachable any more (an exit follows).
    if (child.pid === undefined) finish({ code: undefined, signal: undefined })
  })
  return {
    pid: child.pid,
    send(message) {
      if (child.connected) child.send(message as Parameters<typeof child.send>[0], () => {})
    },
    kill(signal) {
      child.kill(signal)
    },
  }
}

/** A child that runs before anybody listens to it. */
export type ChildAhead = {
  /** False once it has ended. */
  alive(): boolean
  /** What it has said is heard first, after this call. Once. */
  listen(handlers: ChildHandlers): Child
  kill(): void
}

/** Starts a child whose start is not to be waited for later. */
export function forkAhead(options: ForkOptions): ChildAhead {
  let listener: ChildHandlers | undefined
  let [alive, kept]: [boolean, ((to: ChildHandlers) => void)[]] = [true, []]
  const tell = (news: (to: ChildHandlers) => void) => {
    if (listener === undefined) kept.push(news)
    else news(listener)
  }
  const child = forkChild(options, {
    onMessage: (message) => tell((to) => to.onMessage(message)),
    onExit(exit) {
      alive = false
      tell((to) => to.onExit(exit))
    },
  })
  return {
    alive: () => alive,
    listen(handlers) {
      queueMicrotask(() => {
        const said = kept
        kept = []
        listener = handlers
        for (const news of said) news(handlers)
      })
      return child
    },
    kill: () => child.kill('SIGKILL'),
  }
}
