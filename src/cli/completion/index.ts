/**
 * Completion for bash, zsh and fish, made from the same descriptions of commands and options that parse the command line, and the table of
 * keywords for `config explain`. A script asks nobody while it completes.
 */

export type { Shell } from './write-completion.ts'
export { writeCompletion } from './write-completion.ts'
