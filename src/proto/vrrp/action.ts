/** What notifications call a state or a happening; keepalived's words. */
export type Entered = 'MASTER' | 'BACKUP' | 'FAULT' | 'STOP' | 'DELETED' | 'MASTER_RX_LOWER_PRI'

/** Why a state was entered; a log field. */
export type Cause =
  | 'started'
  | 'resumed'
  | 'master-silent'
  | 'master-resigned'
  | 'stronger-master'
  | 'weaker-master'
  | 'rival-owner'
  | 'failover'
  | 'overslept'
  | 'sync-group'
  | 'fault'
  | 'fault-cleared'
  | 'stopped'
  | 'deleted'

/** Orders, to be carried out in the order given. */
export type VrrpAction =
  /** To the group, or to every peer. */
  | { readonly type: 'send-advertisement'; readonly priority: number }
  /** Those already there are left alone. */
  | { readonly type: 'install-addresses' }
  /** Those another master holds are left alone. */
  | { readonly type: 'remove-addresses' }
  /** `entered`: all bursts and the refresh; `weaker-master`: its bursts. */
  | { readonly type: 'announce-addresses'; readonly occasion: 'entered' | 'weaker-master' }
  /** Whatever is queued or due is forgotten. */
  | { readonly type: 'cease-announcing' }
  | { readonly type: 'notify'; readonly entered: Entered; readonly cause: Cause }
