/** IPVS_CMD_*; a reply carries the command that would set what it tells. */
export const ipvsCommands = {
  newService: 1,
  setService: 2,
  deleteService: 3,
  getService: 4,
  newDestination: 5,
  setDestination: 6,
  deleteDestination: 7,
  getDestination: 8,
  newDaemon: 9,
  deleteDaemon: 10,
  getDaemon: 11,
  setTimeouts: 12,
  getTimeouts: 13,
  setInfo: 14,
  getInfo: 15,
  zero: 16,
  flush: 17,
} as const

export const IPVS_FAMILY = 'IPVS'
export const IPVS_VERSION = 1

/** IPVS_CMD_ATTR_*, the attributes of a message; those of SET_INFO have the same numbers and other meanings. */
export const IPVS_CMD_ATTR_SERVICE = 1
export const IPVS_CMD_ATTR_DEST = 2
export const IPVS_CMD_ATTR_DAEMON = 3

export const AF_INET = 2
export const AF_INET6 = 10
