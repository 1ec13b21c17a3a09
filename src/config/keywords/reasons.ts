/** Why words that are accepted do nothing. */
export const NO_SNMP = 'there is no SNMP yet; its words have no effect'
export const NO_POLLING = 'links are not polled, the kernel tells of them; linkbeat words have no effect'
