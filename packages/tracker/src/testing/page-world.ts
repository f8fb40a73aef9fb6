import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startShim, startTracker } from './child.ts';
import type { Child } from './child.ts';
import { tempDir } from './temp-dir.ts';

/** Two simulated providers, a shim in front of them, and a dashboard that looks at both; all real processes. */
export interface PageWorld {
  readonly shimUrl: string;
  readonly pageUrl: string;
  readonly dir: string;
  readonly dataDir: string;
  /** One turn through the shim, read to its end; answers the status. */
  ask(model: string): Promise<number>;
  stopShim(): Promise<void>;
  startShim(): Promise<void>;
  stopPage(): Promise<void>;
  startPage(): Promise<void>;
  close(): Promise<void>;
}

export interface PageWorldOptions {
  /** Before the dashboard starts: what is in the journals then. */
  readonly prepare?: (dataDir: string) => Promise<void>;
  readonly dashboardArgs?: readonly string[];
}

const QUOTAS = {
  windows: { rolling_seconds: 18_000, weekly_seconds: 604_800 },
  models: {
    'claude-sonnet*': { provider: 'anthropic', rolling_tokens: 60_000, weekly_limit_value: 2_000_000, warn_pct: 0.6 },
    'claude-haiku*': { provider: 'zai', rolling_tokens: 300_000, weekly_limit_value: 2_000_000, warn_pct: 0.8 },
  },
};

export async function openPageWorld({ prepare, dashboardArgs = [] }: PageWorldOptions = {}): Promise<PageWorld> {
  const dir = tempDir();
  const dataDir = join(dir.path, 'data');
  const children = new Set<Child>();
  const end = async (child: Child | undefined, signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined) return;
    child.process.kill(signal);
    await child.ended;
    children.delete(child);
  };
  const ready = async (child: Child): Promise<{ url: string; port: number }> => {
    children.add(child);
    await child.until((one) => one.stdout().includes('\n'));
    return JSON.parse(child.stdout().split('\n')[0] ?? '') as { url: string; port: number };
  };
  const simulate = (preset: string): Child =>
    startShim([
      'simulate',
      '--port',
      '0',
      '--json',
      '--preset',
      preset,
      '--name',
      preset,
      '--pace-ms',
      '2',
      '--ttft-ms',
      '15',
    ]);
  const [first, second] = await Promise.all([ready(simulate('busy')), ready(simulate('healthy'))]);
  const providers = join(dir.path, 'providers.yaml');
  const quotas = join(dir.path, 'quotas.json');
  writeFileSync(providers, providersYaml(first.url, second.url));
  writeFileSync(quotas, JSON.stringify(QUOTAS));
  const files = ['--providers', providers, '--quotas', quotas, '--state-dir', join(dir.path, 'state')];
  let shim: { child: Child; url: string; port: number } | undefined;
  let page: { child: Child; url: string; port: number } | undefined;
  const runShim = async (port: number): Promise<void> => {
    const child = startShim(['serve', '--json', '--port', String(port), ...files], { PAGE_ZAI_KEY: 'opens-nothing' });
    shim = { child, ...(await ready(child)) };
  };
  const runPage = async (port: number): Promise<void> => {
    const at = ['--ccp-url', shim?.url ?? '', '--data-dir', dataDir];
    const child = startTracker(['dashboard', '--json', '--port', String(port), ...at, ...dashboardArgs]);
    page = { child, ...(await ready(child)) };
  };
  await Promise.all([runShim(0), prepare?.(dataDir)]);
  await runPage(0);
  return {
    get shimUrl() {
      return shim?.url ?? '';
    },
    get pageUrl() {
      return page?.url ?? '';
    },
    dir: dir.path,
    dataDir,
    ask: (model) => ask(shim?.url ?? '', model),
    stopShim: () => end(shim?.child, 'SIGKILL'),
    startShim: () => runShim(shim?.port ?? 0),
    stopPage: () => end(page?.child, 'SIGKILL'),
    startPage: () => runPage(page?.port ?? 0),
    close: async () => {
      await Promise.all([...children].map((child) => end(child, 'SIGKILL')));
      dir[Symbol.dispose]();
    },
  };
}

function providersYaml(first: string, second: string): string {
  return `providers:
  anthropic: { base_url: "${first}", pass_through: true }
  zai: { base_url: "${second}", key_env: PAGE_ZAI_KEY, header_mode: x-api-key }
routes:
  - { pattern: "claude-haiku*", provider: zai, fallback: [anthropic] }
  - { pattern: "*", provider: anthropic, fallback: [zai] }
`;
}

async function ask(url: string, model: string): Promise<number> {
  const reply = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { authorization: 'Bearer test', 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({
      model,
      max_tokens: 512,
      stream: true,
      messages: [{ role: 'user', content: 'Go on with the plan.' }],
    }),
  });
  await reply.text().catch(() => '');
  return reply.status;
}
