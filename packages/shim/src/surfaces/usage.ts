import type { LaneState, LicenseState, ModelUsage, Usage, TokenCounts } from '@ccp/contracts';
import type { ConfigSnapshot } from '../config/catalog.ts';
import type { SpeedView } from '../meter/speeds.ts';
import type { Tokens } from '../exchange.ts';
import type { ModelCounters, LaneCounters } from '../store/counters.ts';
import type { Quotas } from '../quota/quotas.ts';
import type { WindowSum } from '../quota/series.ts';
import type { CalibrationView } from '../quota/calibration.ts';
import type { Cooldown } from '../quota/cooldown.ts';
import type { MeterReading } from '@ccp/contracts';

/** What the snapshot is drawn from. */
export interface UsageReaders {
  readonly epoch: string;
  readonly config: () => ConfigSnapshot;
  readonly lastReloadTs: () => number | null;
  readonly models: () => Iterable<[string, ModelCounters]>;
  readonly lanes: () => ReadonlyMap<string, LaneCounters>;
  readonly meters: (nowTs: number) => Iterable<MeterReading>;
  readonly calibration: (lane: string, model: string, configured: number | null) => CalibrationView;
  readonly resting: (nowTs: number) => readonly Cooldown[];
  readonly queued: (lane: string) => number;
  readonly previousEpoch: () => Usage['previous_epoch'];
  readonly speeds: (model: string, nowTs: number) => SpeedView;
  readonly whyUnusable: (lane: string) => string | null;
  /** Null: there is none. */
  readonly license: () => LicenseState | null;
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
  const resting = readers.resting(nowTs);
  const license = readers.license();
  return {
    usage_schema: 'v1',
    ts: nowTs,
    epoch: readers.epoch,
    previous_epoch: readers.previousEpoch() ?? null,
    path: quotas.path,
    last_reload_ts: readers.lastReloadTs(),
    source: {
      quotas_path: quotas.path,
      providers_path: catalog.path,
      loaded_ts: Math.max(quotas.loadedTs, catalog.loadedTs),
    },
    ...(license !== null && { license }),
    gated_lanes: gatedLanes([...catalog.lanes.keys()], readers.whyUnusable),
    meters: [...readers.meters(nowTs)].map((reading) => ({
      ...reading,
      age_s: Math.max(0, nowTs - Date.parse(reading.observed_at) / 1000),
    })),
    lanes: Object.fromEntries([...catalog.lanes.keys()].map((id) => [id, laneState(id, readers, resting)])),
    models: Object.fromEntries(
      [...readers.models()]
        .filter(([model]) => model !== NO_MODEL)
        .map(([model, counters]) => [model, modelUsage(model, counters, readers, { nowTs, resting })]),
    ),
  };
}

/** Lanes that wait for a license, and for what. */
export function gatedLanes(
  ids: readonly string[],
  whyUnusable: (lane: string) => string | null,
): Record<string, string> {
  return Object.fromEntries(
    ids.flatMap((id) => {
      const reason = whyUnusable(id);
      return reason?.startsWith('license_block') ? [[id, reason]] : [];
    }),
  );
}

function laneState(id: string, readers: UsageReaders, resting: readonly Cooldown[]): LaneState {
  const cooldown = resting.find((one) => one.lane === id && one.model === null);
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
    cooldown_active: cooldown !== undefined,
    cooldown_next_ts: cooldown?.untilTs ?? null,
    cooldown_kind: cooldown?.kind ?? null,
    cooldown_reason: cooldown?.reason ?? null,
    queued: readers.queued(id),
    concurrency: readers.config().catalog.lanes.get(id)?.concurrency ?? null,
  };
}

interface Moment {
  readonly nowTs: number;
  readonly resting: readonly Cooldown[];
}

function modelUsage(
  model: string,
  counters: ModelCounters,
  readers: UsageReaders,
  { nowTs, resting }: Moment,
): ModelUsage {
  const config = readers.config();
  const series = readers.quotas.ledger.ofModel(model);
  const rolling = series.map((one) => one.rolling(nowTs));
  const weekly = series.map((one) => one.weekly(nowTs));
  // The lane whose quota matters most: a limited one before the newest.
  const lanes = [...new Set([counters.lane, ...series.map((one) => one.lane)])].filter((id) => id !== '');
  const standings = lanes.map((lane) => readers.quotas.standing(lane, model, config.quotas, nowTs));
  const { verdict, limit, lane, pending } =
    standings.find((one) => one.limit !== null) ??
    standings[0] ??
    readers.quotas.standing(counters.lane, model, config.quotas, nowTs);
  const warnPct = limit?.warnPct ?? null;
  const known = readers.calibration(lane, model, warnPct);
  const cooldown = resting
    .filter((one) => lanes.includes(one.lane) && (one.model === null || one.model === model))
    .toSorted((a, b) => b.untilTs - a.untilTs)[0];
  const billed = resting.find((one) => one.lane === lane && one.kind === 'overage');
  const isUnpaid = billed !== undefined && config.catalog.lanes.get(lane)?.overage === 'block';
  const { requests: _requests, lane: _lane, ...events } = counters;
  return {
    provider: limit?.lane ?? lane,
    rolling_in: total(rolling, 'input'),
    rolling_out: total(rolling, 'output'),
    rolling_pct: verdict.rolling.pct,
    weekly_pct: verdict.weekly.pct,
    reqs: rolling.reduce((sum, one) => sum + one.count, 0),
    eta_rolling_sec: verdict.etaRollingSec,
    warn: verdict.warned.rolling || verdict.warned.weekly,
    block: verdict.verdict === 'block' || isUnpaid,
    warn_pct_auto: known.warnPctAuto,
    warn_pct_confidence: known.confidence,
    gap_seconds_p50: known.gapP50,
    gap_seconds_p95: known.gapP95,
    gap_samples: known.gapSamples,
    speeds: readers.speeds(model, nowTs),
    rolling_tokens: verdict.rolling.used,
    weekly_tokens: verdict.weekly.used,
    rolling_capacity_tokens: verdict.rolling.cap,
    weekly_capacity_tokens: verdict.weekly.cap,
    tokens: {
      rolling: tokenCounts(rolling),
      weekly: tokenCounts(weekly),
      session: tokenCounts(series.map((one) => one.session())),
    },
    flags: {
      warn: verdict.verdict === 'warn',
      block: verdict.verdict === 'block' || isUnpaid,
      reason: isUnpaid ? 'overage' : verdict.reason,
    },
    eta_weekly_sec: verdict.etaWeeklySec,
    weekly_anchored: verdict.weeklyAnchored,
    pending_tokens: pending,
    eta_clear_sec: Math.max(verdict.etaClearSec, isUnpaid ? Math.ceil(billed.untilTs - nowTs) : 0),
    warn_pct: { cfg: warnPct, auto: known.warnPctAuto, confidence: known.confidence },
    gaps: { seconds_p50: known.gapP50, seconds_p95: known.gapP95, samples: known.gapSamples },
    fits: lanes.flatMap((one) => fitsOf(one, readers.calibration(one, model, warnPct))),
    reroute_mode: readers.rerouteMode,
    cooldown_active: cooldown !== undefined,
    cooldown_next_ts: cooldown?.untilTs ?? null,
    cooldown_kind: cooldown?.kind ?? null,
    events,
  };
}

function fitsOf(lane: string, { fits }: CalibrationView): NonNullable<ModelUsage['fits']> {
  return fits.map((fit) => ({
    lane,
    meter: fit.meter,
    capacity_tokens: fit.capacityTokens,
    low: fit.low,
    high: fit.high,
    rel_error: fit.relError,
    pairs: fit.pairs,
    mixed: fit.mixed,
    discarded: fit.discarded,
  }));
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

const speedBytes = new WeakMap<object, Buffer<ArrayBuffer>>();

/**
 * JSON, in pieces of UTF-8. Of many models few have been used since the last look: the speeds of the others, most of the
 * text, are bytes already. One piece of all would be hundreds of kilobytes of new memory in each answer.
 */
export function usageParts({ models, ...rest }: Usage): Uint8Array[] {
  const parts: Uint8Array[] = [Buffer.from(`${JSON.stringify(rest).slice(0, -1)},"models":{`)];
  let between = '';
  for (const name of Object.keys(models)) {
    const { speeds, ...model } = models[name] as ModelUsage;
    const start = `${between}${JSON.stringify(name)}:${JSON.stringify(model).slice(0, -1)},"speeds":`;
    parts.push(Buffer.from(start), bytesOf(speeds));
    between = '},';
  }
  parts.push(Buffer.from(between === '' ? '}}' : '}}}'));
  return parts;
}

function bytesOf(speeds: ModelUsage['speeds']): Buffer<ArrayBuffer> {
  let bytes = speedBytes.get(speeds);
  if (bytes === undefined) speedBytes.set(speeds, (bytes = Buffer.from(JSON.stringify(speeds))));
  return bytes;
}
