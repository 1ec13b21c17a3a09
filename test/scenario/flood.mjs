/**
 * Runs in a host's namespace: sends one VRRP message over and over, so many a second for so many seconds, and prints how
 * many went out. usage: flood.mjs INTERFACE SOURCE DESTINATION HEX PER-SECOND SECONDS [HOP-LIMIT]
 */
import { openVrrpSocket } from '../../dist/sys/socket/index.js'

const [name = '', source = '', destination = '', hex = '', rate = '', length = '', hops = '255'] = process.argv.slice(2)
const family = destination.includes(':') ? 6 : 4
const opened = openVrrpSocket({ family, interface: name, groups: [], onDatagram() {}, onError() {} })
if (!opened.ok) throw new Error(opened.error.message)
const message = { payload: Buffer.from(hex, 'hex'), source, destination, hopLimit: Number(hops) }
const start = performance.now()
let tried = 0
let sent = 0
const turn = () => {
  const passed = performance.now() - start
  for (const due = (passed / 1000) * Number(rate); tried < due; tried++) if (opened.value.send(message).ok) sent++
  if (passed < Number(length) * 1000) setTimeout(turn, 1)
  else {
    process.stdout.write(`sent ${sent}\n`)
    opened.value.close()
  }
}
turn()
