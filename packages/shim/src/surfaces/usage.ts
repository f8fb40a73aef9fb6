import type { LaneState, ModelUsage, Usage, TokenCounts } from '@ccp/contracts';
import type { ConfigSnapshot } from '../config/catalog.ts';
import type { SpeedView } from '../meter/speeds.ts';
import type { Tokens } from '../exchange.ts';
import type { ModelCounters, LaneCounters } from '../store/counters.ts';
import type { Quotas } from '../quota/quotas.ts';
import type { WindowSum } from '../quota/ledger.ts';
import type { MeterReading } from '@ccp/contracts';

/** What the snapshot is drawn from. */
export interface UsageReaders {
  readonly epoch: string;
  readonly config: () => ConfigSnapshot;
  readonly lastReloadTs: () => number | null;
  readonly models: () => Iterable<[string, ModelCounters]>;
  readonly lanes: () => ReadonlyMap<string, LaneCounters>;
  readonly meters: () => Iterable<MeterReading>;
  readonly speeds: (model: string, nowTs: number) => SpeedView;
  readonly whyUnusable: (lane: string) => string | null;
  readonly quotas: Quotas;
  readonly rerouteMode: string;
  readonly nowTs: () => number;
}

/** Requests that name no model (`GET /v1/models`) are in the metrics; they use nothing. */
const NO_MODEL = '(none)';

/** `GET /v1/usage`: where every model, lane and meter stands. No value is left out because it is zero or false. */
export function usageSnapshot(readers: UsageReaders): Usage {
  const nowTs = readers.nowTs();
  const { catalog, quotas } = readers.config();
  return {
    usage_schema: 'v1',
    ts: nowTs,
    epoch: readers.epoch,
    path: quotas.path,
    last_reload_ts: readers.lastReloadTs(),
    source: {
      quotas_path: quotas.path,
      providers_path: catalog.path,
      loaded_ts: Math.max(quotas.loadedTs, catalog.loadedTs),
    },
    meters: [...readers.meters()].map((reading) => ({
      ...reading,
      age_s: Math.max(0, nowTs - Date.parse(reading.observed_at) / 1000),
    })),
    lanes: Object.fromEntries([...catalog.lanes.keys()].map((id) => [id, laneState(id, readers)])),
    models: Object.fromEntries(
      [...readers.models()]
        .filter(([model]) => model !== NO_MODEL)
        .map(([model, counters]) => [model, modelUsage(model, counters, readers, nowTs)]),
    ),
  };
}

function laneState(id: string, readers: UsageReaders): LaneState {
  const counters = readers.lanes().get(id);
  const reason = readers.whyUnusable(id);
  return {
    provider: id,
    usable: reason === null,
    reason: reason ?? 'ok',
    active: counters?.active ?? 0,
    requests: counters?.requests ?? 0,
    errors: counters?.errors ?? 0,
    fallbacks_from: counters?.fallbacks_from ?? 0,
    fallbacks_to: counters?.fallbacks_to ?? 0,
    rate_limited: counters?.rate_limited ?? 0,
    overloaded: counters?.overloaded ?? 0,
    last_status: counters?.last_status ?? null,
    last_error: counters?.last_error ?? null,
    last_ok_ts: counters?.last_ok_ts ?? null,
    cooldown_active: false,
    cooldown_next_ts: null,
  };
}

function modelUsage(model: string, counters: ModelCounters, readers: UsageReaders, nowTs: number): ModelUsage {
  const config = readers.config();
  const series = [...readers.quotas.ledger.all()].filter((one) => one.model === model);
  const rolling = series.map((one) => one.rolling(nowTs));
  const weekly = series.map((one) => one.weekly(nowTs));
  // The lane whose quota matters most: a limited one before the newest.
  const lanes = [...new Set([counters.lane, ...series.map((one) => one.lane)])].filter((id) => id !== '');
  const standings = lanes.map((lane) => ({ lane, ...readers.quotas.standing(lane, model, config.quotas, nowTs) }));
  const { verdict, limit, lane } = standings.find((one) => one.limit !== null) ??
    standings[0] ?? { lane: counters.lane, ...readers.quotas.standing(counters.lane, model, config.quotas, nowTs) };
  const warnPct = limit?.warnPct ?? null;
  const { requests: _requests, lane: _lane, ...events } = counters;
  return {
    provider: limit?.lane ?? lane,
    rolling_in: total(rolling, 'input'),
    rolling_out: total(rolling, 'output'),
    rolling_pct: verdict.rolling.pct,
    weekly_pct: verdict.weekly.pct,
    reqs: rolling.reduce((sum, one) => sum + one.count, 0),
    eta_rolling_sec: verdict.etaRollingSec,
    warn: warnPct !== null && (verdict.verdict === 'warn' || verdict.rolling.pct >= warnPct),
    block: verdict.verdict === 'block',
    warn_pct_auto: warnPct,
    warn_pct_confidence: null,
    gap_seconds_p50: null,
    gap_seconds_p95: null,
    gap_samples: 0,
    speeds: toMutable(readers.speeds(model, nowTs)),
    rolling_tokens: verdict.rolling.used,
    weekly_tokens: verdict.weekly.used,
    rolling_capacity_tokens: verdict.rolling.cap,
    weekly_capacity_tokens: verdict.weekly.cap,
    tokens: {
      rolling: tokenCounts(rolling),
      weekly: tokenCounts(weekly),
      session: tokenCounts(series.map((one) => one.session())),
    },
    flags: { warn: verdict.verdict === 'warn', block: verdict.verdict === 'block', reason: verdict.reason },
    eta_clear_sec: verdict.verdict === 'block' ? verdict.etaClearSec : 0,
    warn_pct: { cfg: warnPct, auto: warnPct, confidence: null },
    gaps: { seconds_p50: null, seconds_p95: null, samples: 0 },
    reroute_mode: readers.rerouteMode,
    cooldown_active: false,
    cooldown_next_ts: null,
    events,
  };
}

function tokenCounts(sums: readonly WindowSum[]): TokenCounts {
  return {
    input: total(sums, 'input'),
    output: total(sums, 'output'),
    cache_write: total(sums, 'cacheWrite'),
    cache_read: total(sums, 'cacheRead'),
  };
}

function total(sums: readonly Tokens[], type: keyof Tokens): number {
  return sums.reduce((sum, one) => sum + one[type], 0);
}

/** The contract's arrays are plain ones. */
function toMutable(view: SpeedView): ModelUsage['speeds'] {
  return {
    ...view,
    hourly: [...view.hourly],
    hod_elr_out_tps: [...view.hod_elr_out_tps],
    hod_dirty_out_tps: [...view.hod_dirty_out_tps],
  };
}
