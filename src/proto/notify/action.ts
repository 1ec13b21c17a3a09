import type { Notification } from './notifications.ts'

export type NotifyAction =
  | { readonly type: 'run-notifications'; readonly notifications: readonly Notification[] }
  /** The notifications that follow are run although the table does not hold what they tell. */
  | { readonly type: 'log-overdue'; readonly serviceKey: string }
