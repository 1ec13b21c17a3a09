/**
 * The same configuration as YAML (or JSON, which is YAML): keywords are keys, and a value is what stands behind its word in
 * keepalived.conf. `readYaml` turns a file into the text that the language's own passes read, each character with its place
 * in the YAML, so every complaint points there; `writeYaml` is the way back from nodes. Includes, conditions and definitions
 * are not for YAML: it has anchors, and programs to write it.
 *
 * | keyword | in YAML |
 * | --- | --- |
 * | line | `priority: 100`; several lines of one word: a list |
 * | flag | `nopreempt: true` |
 * | block | a mapping; several of one word: a list of mappings |
 * | block with a name or address | a mapping from that to the block: `vrrp_instance: { VI_1: { … } }` |
 * | list of lines or words | a list |
 */

export { boundedDocument } from './document.ts'
export { isYaml } from './names.ts'
export { readYaml } from './read.ts'
export { type Marks, writeJson, writeYaml } from './write.ts'
