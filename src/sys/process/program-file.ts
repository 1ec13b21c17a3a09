import { packageFile } from '../../native/index.ts'

/** What another process or thread of ours runs, by its name in `make program`. */
export const programFile = (name: 'role-main' | 'config-test-thread'): string => packageFile(`dist/program/${name}.js`)
