import { test } from 'vitest'
import { type Lab, openLab } from './library/index.ts'

/**
 * A test on a lab of its own, which is taken down whatever happens. When the test fails, what the daemons wrote is part of
 * the complaint.
 */
export function lab(claim: string, body: (lab: Lab) => Promise<void>, within = 180_000): void {
  test(claim, { timeout: within }, async () => {
    const lab = openLab()
    try {
      await body(lab)
    } catch (error) {
      if (error instanceof Error) error.message += `\n${lab.logs()}`
      throw error
    } finally {
      lab.close()
    }
  })
}
