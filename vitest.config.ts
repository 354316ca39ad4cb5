import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: ['packages/*', 'apps/*', 'kernels', 'tools'],
    reporters: ['default', './tools/ci-reporter.mjs'],
    coverage: { provider: 'v8', include: ['packages/*/src/**/*.ts'], reporter: ['text', 'lcov'] },
  },
});
