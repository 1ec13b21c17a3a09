/** ipvsadm's words for what a backend refuses. */

import type { OpError } from '../../forwarding/index.ts'

/** What was asked for: the same refusal has other words for each. */
export type Errand =
  | 'add-service'
  | 'edit-service'
  | 'find-service'
  | 'add-server'
  | 'change-server'
  | 'start-daemon'
  | 'stop-daemon'
  | 'other'

const words: Readonly<Record<Errand, Readonly<Record<string, string>>>> = {
  'add-service': { EEXIST: 'Service already exists', ENOENT: 'Scheduler or persistence engine not found' },
  'edit-service': { ESRCH: 'No such service', ENOENT: 'Scheduler or persistence engine not found' },
  'find-service': { ESRCH: 'No such service' },
  'add-server': { ESRCH: 'Service not defined', EEXIST: 'Destination already exists' },
  'change-server': { ESRCH: 'Service not defined', ENOENT: 'No such destination' },
  'start-daemon': { EEXIST: 'Daemon has already run' },
  'stop-daemon': { ESRCH: 'No daemon is running' },
  other: {},
}

const forAll: Readonly<Record<string, string>> = {
  EPERM: 'Permission denied (you must be root)',
  EINVAL: 'Invalid operation.  Possibly wrong module version, address not unicast, ...',
  ENOPROTOOPT: 'Protocol not available',
  ENOMEM: 'Memory allocation problem',
  EOPNOTSUPP: 'Operation not supported with IPv6',
  EAFNOSUPPORT: 'Operation not supported with specified address family',
  EMSGSIZE: 'Module is wrong version',
}

/** strerror(3) of what else the kernel's IPVS says. */
const system: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory',
  ESRCH: 'No such process',
  EIO: 'Input/output error',
  EAGAIN: 'Resource temporarily unavailable',
  EACCES: 'Permission denied',
  EFAULT: 'Bad address',
  EBUSY: 'Device or resource busy',
  EEXIST: 'File exists',
  ENODEV: 'No such device',
  ENOSPC: 'No space left on device',
  ERANGE: 'Numerical result out of range',
  ENOTSUP: 'Operation not supported',
  EADDRINUSE: 'Address already in use',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  ENETDOWN: 'Network is down',
  ENOBUFS: 'No buffer space available',
}

export const errnoText = (errand: Errand, code: string): string =>
  words[errand][code] ?? forAll[code] ?? system[code] ?? code

/** The kernel's code in ipvsadm's words; the embedded core's refusals say themselves what is wrong, and what helps. */
export const refusalText = (errand: Errand, { code, message }: OpError): string =>
  code === undefined ? message : errnoText(errand, code)
