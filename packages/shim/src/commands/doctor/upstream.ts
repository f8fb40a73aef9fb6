import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Catalog, Lane } from '../../config/catalog.ts';
import { bad, good, warn, type Finding } from './finding.ts';

const TIMEOUT_MS = 4_000;
/** TLS, signed requests and resets all go wrong with a clock that is off by more. */
const CLOCK_S = 60;

/** One request without credentials to each lane's address: any answer shows that it can be reached, and tells the time. */
export async function upstreamFindings({ lanes }: Catalog): Promise<Finding[]> {
  const byOrigin = new Map<string, Lane>();
  for (const lane of lanes.values()) byOrigin.set(lane.origin, byOrigin.get(lane.origin) ?? lane);
  const reached = await Promise.all(
    [...byOrigin].map(async ([origin, lane]) => ({ origin, lane, ...(await ask(origin)) })),
  );
  const findings = reached.map(({ origin, lane, problem }) =>
    problem === null
      ? good('upstream', `${lane.id}: ${origin} answers`)
      : bad(
          'upstream',
          `${lane.id}: ${origin} can't be reached (${problem})`,
          'check the network, a proxy, or base_url',
        ),
  );
  const skews = reached.flatMap(({ skewS }) => (skewS === null ? [] : [skewS]));
  const smallest = skews.toSorted((a, b) => Math.abs(a) - Math.abs(b))[0];
  if (smallest === undefined) return findings;
  const text = `${Math.abs(Math.round(smallest))} s ${smallest > 0 ? 'behind' : 'ahead of'} the providers`;
  return [
    ...findings,
    Math.abs(smallest) > CLOCK_S ? warn('clock', text, 'let the system set its clock (NTP)') : good('clock', text),
  ];
}

interface Reached {
  /** Null: it answered. */
  readonly problem: string | null;
  /** How far the provider's clock is ahead of ours; null: it did not say. */
  readonly skewS: number | null;
}

function ask(origin: string): Promise<Reached> {
  return new Promise((resolve) => {
    const url = new URL(origin);
    const request = url.protocol === 'https:' ? requestHttps : requestHttp;
    const asked = request(url, { method: 'HEAD', agent: false, timeout: TIMEOUT_MS }, (response) => {
      response.destroy();
      const told = Date.parse(response.headers.date ?? '') / 1000;
      resolve({ problem: null, skewS: Number.isFinite(told) ? told - Date.now() / 1000 : null });
    });
    asked.on('timeout', () =>
      asked.destroy(Object.assign(new Error('timeout'), { code: `no answer in ${TIMEOUT_MS / 1000} s` })),
    );
    asked.on('error', (error: NodeJS.ErrnoException) => resolve({ problem: error.code ?? error.message, skewS: null }));
    asked.end();
  });
}
