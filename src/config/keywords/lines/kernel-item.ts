import { ROUTE_PROTOCOL } from '../../../model/index.ts'
import type { OptionFacts } from './facts.ts'

/** What routes and rules both have. */
export const protocol = {
  names: ['protocol'],
  takes: 'PROTOCOL',
  min: 0,
  max: 255,
  default: ROUTE_PROTOCOL,
  range: `${ROUTE_PROTOCOL} unless no_track`,
  means: 'who has made it',
} as const satisfies OptionFacts

export const noTrack = {
  names: ['no_track'],
  takes: 'flag',
  means: 'that it is lost is no fault, and it is not put back',
} as const satisfies OptionFacts

export const trackGroup = (what: 'routes' | 'rules') =>
  ({
    names: ['track_group'],
    takes: 'NAME',
    range: `static ${what} only; needs dev`,
    means: 'whose virtual routers fail with it',
  }) as const satisfies OptionFacts
