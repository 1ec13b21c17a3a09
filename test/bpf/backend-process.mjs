// A process that opens the backend as built, applies the ops from its arguments and then lives until it is killed.
import { silentLog } from '../../dist/base/index.js'
import { openEbpfBackend } from '../../dist/forwarding/ebpf/index.js'

const [pinDirectory, ops] = process.argv.slice(2)
const opened = await openEbpfBackend({ pinDirectory, log: silentLog, connectionTableSize: 16_384 })
if (!opened.ok) throw new Error(opened.error.message)
for (const result of await opened.value.apply(JSON.parse(ops))) if (!result.ok) throw new Error(result.error.message)
console.log('ready')
