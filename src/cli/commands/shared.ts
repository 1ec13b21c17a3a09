import { InvalidArgumentError, Option } from 'commander'

/** Takes the exit code of a command that was carried out. */
export type Ends = (exitCode: number) => void

export const runDirectory = () => new Option('--run-dir <directory>', 'of the daemon').default('/run/holdfast')

/** For an option that counts. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('a whole number')
  return Number(text)
}
