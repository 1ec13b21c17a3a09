import { fail, type Result } from '../../base/index.ts'
import type { LoadError } from '../../sys/bpf/index.ts'
import type { Unsupported } from '../index.ts'

export function unsupported(error: { readonly code: string; readonly message: string }): Unsupported {
  if (error.code === 'EPERM' || error.code === 'EACCES')
    return {
      reason: 'no-privileges',
      message: `${error.message}; forwarding needs root or CAP_BPF, CAP_NET_ADMIN and CAP_SYS_ADMIN`,
    }
  if (error.code === 'ENOSYS' || error.code === 'EINVAL')
    return { reason: 'no-bpf', message: `${error.message}; forwarding needs Linux 6.1 or later with BPF` }
  return { reason: 'system', message: error.message }
}

/** With the verifier's last words. */
export function refused({ log: verifier, ...error }: LoadError): Result<never, Unsupported> {
  const last = verifier.trim().split('\n').slice(-6).join('\n')
  return fail(unsupported({ ...error, message: last === '' ? error.message : `${error.message}\n${last}` }))
}
