import type { UsageSamples } from '@ccp/contracts';
import { expect, it } from 'vitest';
import { startRig, until } from '../testing/rig.ts';

it('GET /v1/usage/samples tells the row stored last, and lists what was stored after one under an earlier time', async () => {
  await using rig = await startRig({});
  const page = async (query: string): Promise<UsageSamples> =>
    JSON.parse((await rig.get(`/v1/usage/samples?${query}`)).text) as UsageSamples;
  const ridsOf = ({ models }: UsageSamples): string[] =>
    Object.values(models).flatMap((rows) => rows.map((row) => row.rid));
  expect((await page('since=0')).written_to).toBe(0);
  const first = await rig.ask({ model: 'm' });
  await until(async () => (await page('since=0')).written_to === 1, 'the first row');
  const second = await rig.ask({ model: 'm' });
  await until(async () => (await page('since=0')).written_to === 2, 'the second row');
  const rids = [first, second].map(({ headers }) => String(headers['x-ccp-rid']));
  // Both are earlier than what is asked for, as for a reader whose position a clock that was ahead has set.
  const sinceTs = (await page('since=0')).ts + 28_800;
  expect(ridsOf(await page(`since=${sinceTs}`))).toEqual([]);
  expect(ridsOf(await page(`since=${sinceTs}&written_after=1`))).toEqual(rids.slice(1));
  const half = await page(`since=${sinceTs}&written_after=0&limit=1`);
  expect(ridsOf(half)).toEqual(rids.slice(0, 1));
  const rest = await page(`since=${sinceTs}&written_after=0&limit=1&cursor=${half.next_cursor ?? ''}`);
  expect(ridsOf(rest)).toEqual(rids.slice(1));
  expect(rest.next_cursor).toBeNull();
  const refused = await rig.get('/v1/usage/samples?written_after=-1');
  expect(refused.status).toBe(400);
  expect(refused.text).toContain('written_after is \\"-1\\"; take it from written_to');
});
