// A process, as built, that loads the program of an object once, at once or in a thread, while signals come all the time.
import { loadObject, loadObjectLater, objectPath } from '../../dist/sys/bpf/index.js'

const [name, way] = process.argv.slice(2)
const plan = { path: objectPath(name), reuse: new Map() }
const object = way === 'later' ? await loadObjectLater(plan) : loadObject(plan)
console.log(object.ok ? 'loaded' : `${object.error.code} ${object.error.log}`)
process.exit(0)
