/**
 * The manual pages, made from what parses the command lines and from the table of keywords, so that they tell of each option and keyword
 * there is. `make install` writes them; man(1) shows them.
 */

export { type ManualPage, writeManual } from './write-manual.ts'
