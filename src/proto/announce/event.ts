import type { IpAddress } from '../../base/index.ts'
import type { AnnouncementSettings } from '../../model/index.ts'

/** Facts about a virtual router, named by its key, with addresses on this interface. */
export type AnnouncementEvent =
  | {
      readonly type: 'master-entered'
      readonly router: string
      readonly addresses: readonly IpAddress[]
      readonly settings: AnnouncementSettings
    }
  /** Still master, with these addresses and settings; `added` are new on the interface. */
  | {
      readonly type: 'addresses-changed'
      readonly router: string
      readonly addresses: readonly IpAddress[]
      readonly added: readonly IpAddress[]
      readonly settings: AnnouncementSettings
    }
  | { readonly type: 'weaker-master-heard'; readonly router: string }
  | { readonly type: 'master-left'; readonly router: string }
  | { readonly type: 'deadline-reached' }
