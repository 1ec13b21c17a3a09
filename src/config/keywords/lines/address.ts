import { FOR_EVER } from '../../../model/index.ts'
import type { LineFacts } from './facts.ts'

/** virtual_ipaddress, virtual_ipaddress_excluded, static_ipaddress. */
export const addressLine = {
  is: 'an address',
  takes: 'PREFIX [OPTION …]',
  means: 'an address with its length, 32 or 128 unless said; options in any order',
  options: [
    { names: ['dev'], takes: 'IF', without: "the virtual router's; static: default_interface", means: 'where it is' },
    {
      names: ['scope'],
      takes: 'SCOPE',
      default: 'global',
      min: 0,
      max: 255,
      range: 'a number or a name; IPv4 only',
      means: 'how far it is valid',
    },
    {
      names: ['brd', 'broadcast'],
      takes: 'ADDRESS|+|-',
      range: '+ and - with a length up to 30; IPv4 only; none with peer',
      means: 'the broadcast address; +: all host bits one, -: all zero',
    },
    {
      names: ['label'],
      takes: 'LABEL',
      longest: 15,
      range: 'IPv4 only',
      means: 'its name among the addresses of the interface',
    },
    { names: ['peer'], takes: 'ADDRESS', range: 'of the same family', means: 'the other end of a link of two' },
    { names: ['home'], takes: 'flag', means: 'a home address of mobile IPv6' },
    { names: ['-nodad'], takes: 'flag', means: 'duplicate address detection, which otherwise is left out' },
    { names: ['mngtmpaddr'], takes: 'flag', means: 'temporary addresses are made from it' },
    { names: ['noprefixroute'], takes: 'flag', means: 'no route to its prefix' },
    { names: ['autojoin'], takes: 'flag', means: 'multicast groups are joined by it' },
    { names: ['no_track'], takes: 'flag', means: 'that it is lost is no fault of the virtual router' },
    {
      names: ['preferred_lft'],
      takes: 'N|forever',
      without: '0 for IPv6 /128, else forever',
      min: 0,
      max: FOR_EVER,
      means: 'seconds for which it may be a source address',
    },
    {
      names: ['track_group'],
      takes: 'NAME',
      range: 'static addresses only',
      means: 'whose virtual routers fail with it',
    },
    {
      names: ['use_vmac'],
      takes: 'flag',
      range: 'virtual addresses only',
      means: 'it is on a virtual MAC wherever it is',
    },
  ],
} as const satisfies LineFacts
