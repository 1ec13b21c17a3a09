import type { Notification } from './notifications.ts'

export type NotifyEvent =
  /** The table's keeper was told what to hold; orders are numbered upwards from 1. `complete`: all that is to be there. */
  | {
      readonly type: 'services-ordered'
      readonly order: number
      readonly complete: boolean
      readonly serviceKeys: readonly string[]
    }
  /** It has done what it could up to this order. */
  | { readonly type: 'services-applied'; readonly order: number; readonly unfinished: readonly string[] }
  /** A real server or a quorum of this service changed; what was ordered because of it was ordered before. */
  | { readonly type: 'service-changed'; readonly serviceKey: string; readonly notifications: readonly Notification[] }
  | { readonly type: 'deadline-reached' }
  /** The daemon stops: nobody waits any more. */
  | { readonly type: 'stop-requested' }
