// Builds every package through turbo, with turbo's telemetry off. turbo.json has no key for that, so every script of
// this repository that runs turbo goes through here.
import { spawnSync } from 'node:child_process';

const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', FORCE_COLOR: '0' };
const built = spawnSync('turbo', ['run', 'build', '--output-logs=errors-only', '--log-prefix=none', '--ui=stream'], {
  env,
  shell: process.platform === 'win32',
  encoding: 'utf8',
});
if (built.error) {
  console.error(
    `turbo could not be started: ${built.error.message}. Run this through pnpm, e.g. npx -y pnpm@10.34.9 build`,
  );
  process.exit(1);
}
if (built.status !== 0) {
  process.stderr.write(built.stdout + built.stderr);
  process.exit(built.status ?? 1);
}
