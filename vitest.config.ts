import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Tests run from source: a stale build can never be what was tested.
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'], externalConditions: ['source'] } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'packages/*/src/**/*.test.tsx'],
    environment: 'node',
    env: { TZ: 'UTC' },
    testTimeout: 20_000,
    pool: 'forks',
    dangerouslyIgnoreUnhandledErrors: false,
  },
});
