import type { Kept, StoreStatus } from './store.ts';

type Route = 'events' | 'metrics';

/** What an aggregator counts about itself. */
export class Tally {
  readonly accepted: Record<Route, number> = { events: 0, metrics: 0 };
  readonly duplicates: Record<Route, number> = { events: 0, metrics: 0 };
  readonly rejected: Record<Route, number> = { events: 0, metrics: 0 };
  /** Refused requests per status. */
  readonly refusals = new Map<number, number>();

  kept(route: Route, { accepted, duplicates }: Kept, rejected: number): void {
    this.accepted[route] += accepted;
    this.duplicates[route] += duplicates;
    this.rejected[route] += rejected;
  }

  refused(status: number): void {
    this.refusals.set(status, (this.refusals.get(status) ?? 0) + 1);
  }
}

/** Prometheus text. */
export function metricsText(tally: Tally, status: StoreStatus): string {
  const perRoute = (values: Record<Route, number>): [string, number][] =>
    Object.entries(values).map(([route, value]) => [`{route="${route}"}`, value]);
  const families: [string, string, string, [string, number][]][] = [
    ['ccp_aggregate_accepted_total', 'counter', 'Entries that were new.', perRoute(tally.accepted)],
    ['ccp_aggregate_duplicates_total', 'counter', 'Entries that were there already.', perRoute(tally.duplicates)],
    ['ccp_aggregate_rejected_total', 'counter', 'Entries that can not be kept.', perRoute(tally.rejected)],
    [
      'ccp_aggregate_refusals_total',
      'counter',
      'Requests refused, by status.',
      [...tally.refusals].map(([code, count]) => [`{status="${code}"}`, count]),
    ],
    ['ccp_aggregate_waiting_entries', 'gauge', 'Entries that wait to be written.', [['', status.waiting]]],
    ['ccp_aggregate_store_ok', 'gauge', 'Whether the last write succeeded.', [['', status.error === null ? 1 : 0]]],
  ];
  return families
    .map(([name, type, help, samples]) => {
      const lines = samples.map(([labels, value]) => `${name}${labels} ${value}\n`).join('');
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines}`;
    })
    .join('');
}
