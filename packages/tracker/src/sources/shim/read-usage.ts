import { parseUsage } from '@ccp/contracts';
import type { Outcome, Problem } from '../../problem.ts';
import { askShim } from './ask-shim.ts';
import type { AskOptions } from './ask-shim.ts';
import type { UsageReading } from './reading.ts';

/** Asks the shim once what it knows. Expected failures are problems with a remedy, never exceptions. */
export async function readUsage(base: URL, options: AskOptions): Promise<Outcome<UsageReading>> {
  const told = await askShim(base, { path: 'v1/usage', contract: 'usage v1', parse: parseUsage }, options);
  if (!told.ok) return told;
  const { url, receivedTs, value: usage } = told.value;
  const notes = usage.usage_schema === undefined ? [older(url)] : [];
  return { ok: true, value: { sourceUrl: url.href, receivedTs, usage, notes } };
}

function older(url: URL): Problem {
  return {
    code: 'older-shim',
    message: `${url.href} does not say usage_schema: an older shim, so some values are missing`,
    remedy: 'Upgrade the shim to see them',
  };
}
