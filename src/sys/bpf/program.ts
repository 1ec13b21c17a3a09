import { fail, ok, type Result } from '../../base/index.ts'
import { hfbpf, type TestRun } from '../../native/index.ts'
import { type SystemError, systemError } from '../descriptor/index.ts'
import { pinDescriptor } from './map.ts'

/** A loaded BPF program by its descriptor. */
export class BpfProgram {
  readonly fd: number
  readonly name: string

  constructor(fd: number, name: string) {
    this.fd = fd
    this.name = name
  }

  /** The kernel's number for it. */
  id(): number {
    return hfbpf().programId(this.fd)
  }

  pin(path: string): Result<void, SystemError> {
    return pinDescriptor(this.fd, path)
  }

  /** Calls a program of type syscall with its arguments; what it changes in them is there afterwards. */
  call(args: Uint8Array): Result<void, SystemError> {
    const { error } = hfbpf().testRun(this.fd, undefined, undefined, args, undefined, 0, 0)
    return error < 0 ? fail(systemError('BPF_PROG_TEST_RUN', error, this.name)) : ok(undefined)
  }

  /**
   * Runs a tc program on a frame. `frame` is what it left, `verdict` what it returned.
   * @param context  a struct __sk_buff; undefined: the kernel's defaults (no interface of ours)
   * @param flags    BPF_F_TEST_*; the error is EINVAL where the kernel does not know them
   */
  run(frame: Uint8Array, context?: Uint8Array, repeat = 1, flags = 0): TestRun & { readonly frame: Uint8Array } {
    const into = new Uint8Array(frame.length + 256)
    const result = hfbpf().testRun(this.fd, frame, into, context, undefined, repeat, flags)
    return { ...result, frame: into.subarray(0, result.dataSize) }
  }

  close(): void {
    hfbpf().close(this.fd)
  }
}
