import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { isPrivacyTier } from '@ccp/contracts';
import { systemErrorCode } from '../../problem.ts';
import { localZone } from '../option-values.ts';
import { bad, good, warn } from './finding.ts';
import type { Finding } from './finding.ts';

const OLDEST = [20, 19] as const;

/** What of this machine and shell the tracker reads or draws on. */
export function surroundingFindings(env: NodeJS.ProcessEnv, home: string): Finding[] {
  return [
    zoneFinding(env),
    tierFinding(env, home),
    logsFinding('claude', join(home, '.claude'), 'projects', { variable: 'CLAUDE_CONFIG_DIR', env }),
    logsFinding('codex', join(home, '.codex'), 'sessions', { variable: 'CODEX_HOME', env }),
    gitFinding(),
    charsetFinding(env),
  ];
}

/** The runtime; `version` without its v. */
export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [needMajor, needMinor] = OLDEST;
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return good('node', `v${version}`);
  return bad('node', `v${version} is too old`, `install Node.js ${needMajor}.${needMinor} or later`);
}

function zoneFinding({ TZ: named }: NodeJS.ProcessEnv): Finding {
  const zone = localZone();
  try {
    if (named) new Intl.DateTimeFormat('en', { timeZone: named });
  } catch {
    return warn(
      'zone',
      `TZ is ${JSON.stringify(named)}, which is no zone; days are those of ${zone}`,
      'export TZ=Europe/Berlin, say',
    );
  }
  return good('zone', `days are those of ${zone}`);
}

/** What may leave the machine: the environment over `privacy.json` over nothing at all. */
function tierFinding(env: NodeJS.ProcessEnv, home: string): Finding {
  const xdg = env['XDG_CONFIG_HOME'] ?? '';
  const file = env['PRIVACY_CONFIG'] || join(isAbsolute(xdg) ? xdg : join(home, '.config'), 'ccp', 'privacy.json');
  const named = env['PRIVACY_TIER'];
  const kept = named ? { tier: named, from: 'PRIVACY_TIER' } : tierOf(file);
  if ('why' in kept) return bad('privacy', `${file} ${kept.why}; nothing leaves`, 'mend it: {"tier": "local"}');
  if (!isPrivacyTier(kept.tier))
    return bad(
      'privacy',
      `${kept.from} is ${JSON.stringify(kept.tier)}; nothing leaves`,
      'use local, minimized or full',
    );
  const means = kept.tier === 'local' ? 'nothing leaves this machine' : 'needs an entitlement';
  return good('privacy', `tier ${String(kept.tier)} (${kept.from}): ${means}`);
}

function tierOf(file: string): { readonly tier: unknown; readonly from: string } | { readonly why: string } {
  if (!existsSync(file)) return { tier: 'local', from: 'default' };
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const { tier = 'local' } = (value ?? {}) as { readonly tier?: unknown };
    return { tier, from: file };
  } catch (error) {
    if (error instanceof SyntaxError) return { why: 'is not JSON' };
    return { why: `cannot be read (${systemErrorCode(error) ?? 'error'})` };
  }
}

/** Nobody needs both agents, nor old turns of either: only a folder that was named has to be there. */
function logsFinding(
  check: string,
  usual: string,
  part: string,
  { variable, env }: { readonly variable: string; readonly env: NodeJS.ProcessEnv },
): Finding {
  const named = env[variable] || undefined;
  const folder = join(named ?? usual, part);
  if (existsSync(folder)) return good(check, `${folder} is there`);
  const found = `there is no ${folder}, so there are no old turns to read`;
  if (named === undefined) return good(check, found);
  return warn(check, found, `${variable} names a folder without logs: mend it, or unset it`);
}

function gitFinding(): Finding {
  const { status, stdout, error } = spawnSync('git', ['--version'], { encoding: 'utf8', timeout: 5000 });
  if (status === 0) return good('git', stdout.trim());
  const why = error === undefined ? `it exits ${status ?? 'by a signal'}` : (systemErrorCode(error) ?? error.message);
  return warn('git', `git cannot be run (${why})`, 'install git: churn is counted from its history');
}

function charsetFinding({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): Finding {
  const locale = LC_ALL || LC_CTYPE || LANG || '';
  if (/utf-?8/i.test(locale)) return good('terminal', `${locale} shows every sign`);
  const what = locale === '' ? 'no locale is set' : `${locale} is not UTF-8`;
  return warn('terminal', `${what}: bars and marks may show as other signs`, 'export LC_CTYPE=C.UTF-8');
}
