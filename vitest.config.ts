import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // One for each processor: the one that vitest would spare has little to do.
    maxWorkers: '100%',
    projects: ['packages/*', 'apps/*', 'kernels', 'tools'],
    reporters: ['default', './tools/ci-reporter.mjs'],
    coverage: { provider: 'v8', include: ['packages/*/src/**/*.ts'], reporter: ['text', 'lcov'] },
  },
});
