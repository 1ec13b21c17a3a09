import { defineConfig } from 'vitest/config'

/**
 * Needs root: network namespaces, raw sockets, the kernel's BPF, whole daemons. Each file has namespaces, folders and pins of its
 * own and mostly waits, for timers of protocols: two files at a time, after the rest.
 */
const privileged = ['test/{bpf,sys,scenario,lab,build}/**/*.test.ts']
/** Of these, one file at a time and after them: what measures times that a busy machine stretches, or keeps a machine busy. */
const alone = [
  'test/bpf/adversity.test.ts',
  'test/lab/{bfd,failover,flood,methods,orders,peers,reload,robustness,same-frames,strangers,survival}.test.ts',
  'test/scenario/{checker-timing,many-servers,vrrp-host,vrrp-role}.test.ts',
]
const long = ['test/soak/**/*.test.ts']
/** Boots the stock kernel under QEMU and tells what test/kernel came to there. */
const guest = ['test/guest/guest.test.ts']
/** A guest of its own, of one processor whose clock counts instructions: what else the machine does changes nothing there. */
const counted = ['test/guest/instructions.test.ts']
/** `make fuzz`: so many cases a property, and the time they take. */
const fuzzing = Number(process.env['HOLDFAST_FUZZ_RUNS']) > 0
/** Inside the guest: the tests of the stock kernel, and nothing else. */
const inGuest = process.env['HOLDFAST_GUEST'] !== undefined
/**
 * What plays on real links, clocks and daemons may be disturbed by whatever else the machine does: a test that fails there is
 * played once more, from the start, and the summary names it and counts it (test/reporter.ts allows few of them).
 */
const playedAgain = { retry: 1 } as const
const propertiesOfTheKernel = ['test/bpf/{hostile,schedulers}.test.ts']

export default defineConfig({
  test: {
    reporters: ['default', './test/reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...privileged, ...long, ...guest, ...counted],
          setupFiles: ['test/fuzz.ts'],
          maxWorkers: 2,
          testTimeout: fuzzing ? 3_600_000 : 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'lab',
          include: fuzzing ? propertiesOfTheKernel : privileged,
          exclude: fuzzing ? [] : alone,
          setupFiles: ['test/fuzz.ts'],
          ...playedAgain,
          maxWorkers: 2,
          testTimeout: fuzzing ? 3_600_000 : 180_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 1 },
        },
      },
      ...(fuzzing
        ? []
        : [
            { test: { name: 'instructions', include: counted, maxWorkers: 2, sequence: { groupOrder: 0 } } },
            {
              test: {
                name: 'alone',
                include: alone,
                setupFiles: ['test/fuzz.ts'],
                ...playedAgain,
                fileParallelism: false,
                maxWorkers: 1,
                testTimeout: 180_000,
                hookTimeout: 180_000,
                sequence: { groupOrder: 2 },
              },
            },
            { test: { name: 'guest', include: guest, maxWorkers: 1, sequence: { groupOrder: 3 } } },
          ]),
      ...(inGuest
        ? [
            {
              test: {
                name: 'kernel',
                include: ['test/kernel/**/*.kernel.ts'],
                setupFiles: ['test/fuzz.ts'],
                ...playedAgain,
                fileParallelism: false,
                maxWorkers: 1,
                testTimeout: 120_000,
                hookTimeout: 120_000,
                sequence: { groupOrder: 0 },
              },
            },
          ]
        : []),
      ...(process.env['HOLDFAST_SOAK'] === undefined
        ? []
        : [
            {
              test: {
                name: 'soak',
                include: long,
                fileParallelism: false,
                maxWorkers: 1,
                testTimeout: 3_600_000,
                hookTimeout: 60_000,
                sequence: { groupOrder: 4 },
              },
            },
          ]),
    ],
  },
})
