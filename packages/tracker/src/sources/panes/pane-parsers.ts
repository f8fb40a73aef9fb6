import { parseCodexUsage } from './ccusage-codex.ts';
import { parseGlmBlocks } from './ccusage-glm.ts';
import { parseClaudeCache } from './claude-cache.ts';
import { parseClaudeMonitor } from './claude-monitor.ts';
import { parseClaudeUsage } from './claude-usage.ts';
import { parseCodexAppServer, parseCodexRollout } from './codex-json.ts';
import { parseCodexStatus } from './codex-status.ts';
import { parseGetUsage } from './get-usage.ts';
import type { PaneParser } from './pane.ts';
import { parseProxyTelemetry } from './proxy-telemetry.ts';
import { parseRateLimitEvent } from './rate-limit-event.ts';
import { parseStatusline } from './statusline.ts';
import { parseZaiQuota } from './zai-quota.ts';

/** Every text that can be read, by the name commands use. The first six are the ones of earlier trackers. */
export const paneParsers = {
  codex: parseCodexStatus,
  claude: parseClaudeUsage,
  glm: parseGlmBlocks,
  'codex-ccusage': parseCodexUsage,
  'claude-monitor': parseClaudeMonitor,
  'proxy-telemetry': parseProxyTelemetry,
  statusline: parseStatusline,
  'get-usage': parseGetUsage,
  'rate-limit-event': parseRateLimitEvent,
  'claude-cache': parseClaudeCache,
  'codex-app-server': parseCodexAppServer,
  'codex-rollout': parseCodexRollout,
  'zai-quota': parseZaiQuota,
} as const satisfies Readonly<Record<string, PaneParser>>;

export type PaneName = keyof typeof paneParsers;
