import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Native sessions use two threads each: two files at a time fill a small machine.
    maxWorkers: 2,
    pool: 'forks',
  },
});
