import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Modules are tested from source, programs as they are built: scripts/build-for-tests.mjs builds them before.
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'], externalConditions: ['source'] } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'packages/*/src/**/*.test.tsx'],
    globalSetup: 'scripts/build-for-tests.mjs',
    environment: 'node',
    env: { TZ: 'UTC' },
    testTimeout: 20_000,
    pool: 'forks',
    dangerouslyIgnoreUnhandledErrors: false,
  },
});
