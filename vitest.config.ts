import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/lab/**', 'test/bpf/**', 'test/sys/**', 'test/scenario/**'],
        },
      },
      {
        // Needs root: network namespaces, raw sockets, the kernel's BPF. One file at a time.
        test: {
          name: 'lab',
          include: ['test/{lab,bpf,sys,scenario}/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
