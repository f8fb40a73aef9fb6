import { afterEach, describe, expect, test } from 'vitest';
import type { ZaiQuotaScript } from './script.ts';
import { startSimulator, type Simulator } from './simulator.ts';

const FIVE_HOURS_MS = 18_000_000;
let simulator: Simulator | undefined;
let nowMs = 0;

afterEach(async () => simulator?.close());

async function start(zai_quota?: ZaiQuotaScript): Promise<string> {
  nowMs = Date.UTC(2026, 0, 14, 12);
  const turn = { usage: { input: 30, output: 60, cache_write_5m: 10, cache_read: 900 } };
  simulator = await startSimulator({ behaviour: { turn, ...(zai_quota && { zai_quota }) }, now: () => nowMs });
  return simulator.url;
}

async function quota(url: string, authorization = 'raw-key'): Promise<{ status: number; body: unknown }> {
  const reply = await fetch(`${url}/api/monitor/usage/quota/limit`, { headers: { authorization } });
  return { status: reply.status, body: await reply.json() };
}

async function spend(url: string, count: number): Promise<void> {
  const body = JSON.stringify({ model: 'glm-4.6', stream: false });
  for (let n = 0; n < count; n += 1) await (await fetch(`${url}/v1/messages`, { method: 'POST', body })).text();
  await simulator?.books.settled(count);
}

describe("the quota of a GLM plan, in Z.AI's shape", () => {
  test('fills with the tokens served, cache reads apart, and starts again when its window ends', async () => {
    const url = await start({ tokens_5h: 1_000, tokens_week: 100_000 });
    await spend(url, 2);
    const { body } = await quota(url);
    expect(body).toMatchObject({ code: 200, success: true, data: { level: 'pro' } });
    const { limits } = (body as { data: { limits: unknown[] } }).data;
    expect(limits).toEqual([
      {
        type: 'TOKENS_LIMIT',
        unit: 3,
        number: 5,
        usage: 1_000,
        currentValue: 200,
        remaining: 800,
        percentage: 20,
        nextResetTime: nowMs + FIVE_HOURS_MS,
      },
      expect.objectContaining({ unit: 6, number: 1, usage: 100_000, currentValue: 200, percentage: 0 }),
      expect.objectContaining({ type: 'TIME_LIMIT', percentage: 0 }),
    ]);
    nowMs += FIVE_HOURS_MS;
    const later = (await quota(url)).body as { data: { limits: unknown[] } };
    expect(later.data.limits.slice(0, 2)).toEqual([
      expect.objectContaining({ currentValue: 0, nextResetTime: nowMs + FIVE_HOURS_MS }),
      expect.objectContaining({ currentValue: 200 }),
    ]);
  });

  test('can tell whole percents only', async () => {
    const url = await start({ tokens_5h: 1_500, percent_only: true });
    await spend(url, 1);
    const [window] = ((await quota(url)).body as { data: { limits: unknown[] } }).data.limits;
    const nextResetTime = nowMs + FIVE_HOURS_MS;
    expect(window).toEqual({ type: 'TOKENS_LIMIT', unit: 3, number: 5, percentage: 6, nextResetTime });
  });

  test.each([
    ['raw', 'Bearer key'],
    ['bearer', 'key'],
  ] as const)('takes the key %s and says no to "%s" in a body with status 200', async (authorization, wrong) => {
    const url = await start({ tokens_5h: 1_000, authorization });
    expect(await quota(url, wrong)).toMatchObject({ status: 200, body: { code: 401, success: false } });
    const right = authorization === 'raw' ? 'key' : 'Bearer key';
    expect(await quota(url, right)).toMatchObject({ status: 200, body: { success: true } });
  });

  test('is unknown where nothing was scripted', async () => {
    expect(await quota(await start())).toMatchObject({ status: 404 });
  });
});
