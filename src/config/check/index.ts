/**
 * What is asked of a configuration before it may run, one question a file; stages.ts lists them in order. Each reports all
 * it finds and hands on what has passed, so one mistake costs one object and not the file.
 */

export { type Checked, runStages } from './stages.ts'
