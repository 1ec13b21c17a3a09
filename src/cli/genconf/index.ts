/**
 * `holdfast genconf`: from a handful of answers to the files of two directors, which differ only where they must, and what to
 * do on the real servers. What is written has been read again by the language: it has no complaint, and the two files make a pair.
 */

export { type GenconfOptions, runGenconf } from './run.ts'
