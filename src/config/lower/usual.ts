import { type Micros, seconds } from '../../base/index.ts'
import { type Container, usualNumber } from '../keywords/index.ts'

/** What the table has for a word that takes seconds and is not written. */
export const usualTime = (at: Container, name: string): Micros => seconds(usualNumber(at, name))
