/**
 * Which blocks of our own code run, from V8's precise coverage in this process: what libFuzzer has from a compiler. jazzer.js,
 * the fuzzer there is for Node, instruments CommonJS as it is loaded and knows no ES modules.
 */
import { Session } from 'node:inspector'
import type { Coverage } from './fuzzer.ts'

type Range = { readonly startOffset: number; readonly endOffset: number; readonly count: number }
type Script = { readonly url: string; readonly functions: readonly { readonly ranges: readonly Range[] }[] }

/** @param ours part of the address of the scripts that count */
export function openCoverage(ours: string): Coverage {
  const session = new Session()
  session.connect()
  const post = (method: string, parameters: object = {}): unknown => {
    let answer: unknown
    session.post(method, parameters, (error, result) => {
      if (error !== null) throw error
      answer = result
    })
    return answer
  }
  post('Profiler.enable')
  post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  const known = new Set<string>()
  let open = true

  /** A block by its place; of one that did not run V8 says so where the function around it did. */
  function ran(): Set<string> {
    const places = new Set<string>()
    const { result } = post('Profiler.takePreciseCoverage') as { readonly result: readonly Script[] }
    for (const { url, functions } of result) {
      if (!url.includes(ours)) continue
      for (const { ranges } of functions) {
        const [whole, ...blocks] = ranges
        if (whole === undefined || whole.count === 0) continue
        places.add(`${url}:${whole.startOffset}`)
        // Blocks are nested and in order: what is said last of a place holds.
        for (const { startOffset, endOffset, count } of blocks) {
          if (count > 0) places.add(`${url}:${startOffset}-${endOffset}`)
          else places.add(`${url}:not ${startOffset}-${endOffset}`)
        }
      }
    }
    return places
  }

  return {
    fresh() {
      if (!open) return []
      const found = [...ran()].filter((place) => !known.has(place))
      for (const place of found) known.add(place)
      return found
    },
    touched(places) {
      const now = ran()
      return places.some((place) => now.has(place))
    },
    close() {
      if (!open) return
      open = false
      post('Profiler.stopPreciseCoverage')
      session.disconnect()
    },
  }
}
