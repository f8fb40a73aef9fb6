import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { PlanReader, type PlanWindow } from './zai-quota.ts';

const KEY = 'id.secret';
const WEEK = { type: 'TOKENS_LIMIT', unit: 6, number: 1 };
const HOURS = { type: 'TOKENS_LIMIT', unit: 3, number: 5 };
let close = (): void => undefined;

afterEach(() => close());

/** Answers each question with the next body, the last one again and again. */
async function readerOf(...bodies: readonly unknown[]): Promise<{ reader: PlanReader; asked: (string | undefined)[] }> {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    const body = bodies[Math.min(asked.push(request.headers.authorization), bodies.length) - 1];
    const status = typeof body === 'number' ? body : 200;
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  close = () => server.close();
  const { port } = server.address() as AddressInfo;
  return { reader: new PlanReader({ url: `http://127.0.0.1:${port}/q`, key: KEY }), asked };
}

async function windows(...limits: readonly unknown[]): Promise<PlanWindow[]> {
  const { reader } = await readerOf({ code: 200, success: true, data: { limits } });
  return [...(await reader.read()).values()];
}

describe('PlanReader', () => {
  it('computes the share from the amounts, and takes the percentage where there are none', async () => {
    const credits = { type: 'CREDIT_LIMIT', unit: 3, number: 5, usage: 12_000, currentValue: 1_438, percentage: 11 };
    expect(await windows({ ...credits, nextResetTime: 1_768_392_000_000 }, { ...WEEK, percentage: 7 })).toEqual([
      { meter: 'zai-5h', type: 'CREDIT_LIMIT', used: 1_438 / 12_000, isExact: true, resetsTs: 1_768_392_000 },
      { meter: 'zai-7d', type: 'TOKENS_LIMIT', used: 0.07, isExact: false, resetsTs: null },
    ]);
  });

  it('counts a limit of another kind, or without a share, for nothing', async () => {
    expect(
      await windows(
        { type: 'TIME_LIMIT', unit: 5, number: 1, usage: 100, currentValue: 100, percentage: 100 },
        { type: 'MOON_LIMIT', unit: 3, number: 5, percentage: 100 },
        { ...HOURS, number: 4, percentage: 100 },
        { ...HOURS, unit: 9, percentage: 100 },
        { ...HOURS, percentage: '100' },
        HOURS,
        null,
        'limit',
      ),
    ).toEqual([]);
    const [fuller] = await windows({ ...HOURS, percentage: 3 }, { ...HOURS, type: 'CREDIT_LIMIT', percentage: 40 });
    expect(fuller).toMatchObject({ type: 'CREDIT_LIMIT', used: 0.4 });
  });

  it('gives the key as it is, once more as Bearer, and then in the form that was taken', async () => {
    const no = { code: 1001, msg: 'Header is not allowed', success: false };
    const { reader, asked } = await readerOf(no, { data: { limits: [] } });
    await reader.read();
    await reader.read();
    expect(asked).toEqual([KEY, `Bearer ${KEY}`, `Bearer ${KEY}`]);
  });

  it.each([
    [{ code: 401, msg: `token ${KEY} expired`, success: false }, 'code 401, token … expired'],
    [401, 'status 401'],
    [{ code: 200, data: null }, 'the answer lists no limits'],
    ['<html>', 'the answer lists no limits'],
    [500, 'status 500'],
  ])('says why %j is of no use, without the key', async (body, words) => {
    const { reader, asked } = await readerOf(body);
    const refused = await reader.read().catch((error: unknown) => String(error));
    expect(refused).toContain(words);
    expect(refused).not.toContain(KEY);
    expect(asked).toHaveLength(2);
  });
});
