import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

const ALL = ['packages/*/src/**/*.test.ts', 'packages/*/src/**/*.test.tsx'];

/**
 * Folders whose tests leave their process as they found it (no globals, no directory, no environment). Their files share
 * processes: starting one for each takes as long as all of their tests. A file that can't keep to that belongs elsewhere.
 */
const SHARING = [
  'contracts/src',
  'shim/src/{aggregate,config,http,issuer,license,meter,quota,route,simulator,surfaces,upstream}',
  'tracker/src/{events,license,rollups,sources,uplink,views}',
].map((folder) => `packages/${folder}/**/*.test.{ts,tsx}`);

export default defineConfig({
  // Modules are tested from source, programs as they are built: scripts/build-for-tests.mjs builds them before.
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'], externalConditions: ['source'] } },
  test: {
    globalSetup: 'scripts/build-for-tests.mjs',
    environment: 'node',
    env: { TZ: 'UTC' },
    testTimeout: 20_000,
    pool: 'forks',
    // Many files wait for programs they have started.
    maxWorkers: availableParallelism() + 1,
    dangerouslyIgnoreUnhandledErrors: false,
    // In this order, by their names.
    projects: [
      { extends: true, test: { name: 'programs', include: ALL, exclude: [...configDefaults.exclude, ...SHARING] } },
      { extends: true, test: { name: 'stages', include: SHARING, isolate: false } },
    ],
  },
});
