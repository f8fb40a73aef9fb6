import { randomBytes } from 'node:crypto';
import { getRequestListener } from '@hono/node-server';
import { openConfig } from './config/config-store.ts';
import type { Settings } from './config/settings.ts';
import type { Ended } from './exchange.ts';
import { frontDoor } from './http/front-door.ts';
import { listen } from './http/listen.ts';
import { noLicense } from './license/entitlements.ts';
import { localHourIn, SpeedBook } from './meter/speeds.ts';
import { readVendorMeters } from './meter/vendor-meters.ts';
import { carry } from './pipeline.ts';
import { limitFinder } from './quota/limit-of.ts';
import { Quotas } from './quota/quotas.ts';
import { whyUnusable } from './route/choose-lanes.ts';
import { foldModel, modelMatcher } from './route/glob.ts';
import { reroute } from './route/reroute.ts';
import { createStages } from './stages.ts';
import { Counters, OTHER_MODELS } from './store/counters.ts';
import { EventRing } from './store/event-ring.ts';
import { Recorder } from './store/recorder.ts';
import { UsageLog } from './store/usage-log.ts';
import { createEventStreams } from './surfaces/events.ts';
import { createMetrics } from './surfaces/metrics.ts';
import { createSurfaces } from './surfaces/surfaces.ts';
import { headerModeOf } from './upstream/headers.ts';
import { createPools } from './upstream/pools.ts';
import { Slots } from './upstream/slots.ts';
import { VERSION } from './version.ts';

export interface Shim {
  readonly port: number;
  readonly addresses: readonly string[];
  /** Lanes with why they can't be used; null: usable. */
  lanes(): readonly { readonly id: string; readonly url: string; readonly problem: string | null }[];
  readonly quotasPath: string;
  readonly logPath: string;
  /** Lets running exchanges finish (at most `withinMs`), writes what is left, frees the ports. */
  stop(withinMs: number): Promise<void>;
}

export type Logger = (level: 'error' | 'warn' | 'info' | 'debug', message: string) => void;

/** Models one process keeps books for under their own names. */
const MAX_MODELS = 200;

/** Builds the stages, gives each what it asks for, and opens the port. Throws on a start that can't succeed. */
export async function startShim(settings: Settings, logger: Logger): Promise<Shim> {
  const nowTs = (): number => Date.now() / 1000;
  const startedTs = nowTs();
  const epoch = randomBytes(4).toString('hex') + Math.floor(startedTs).toString(16);
  const config = openConfig(settings, nowTs);
  const ownOrigins = new Set<string>();
  const policy = {
    offloadPaused: settings.offloadPaused,
    forceHaikuToZai: settings.forceHaikuToZai,
    isEntitled: noLicense,
    ownOrigins,
  };
  const laneProblem = (id: string): string | null => {
    const lane = config.current().catalog.lanes.get(id);
    return lane === undefined ? 'removed from the configuration' : whyUnusable(lane, policy);
  };

  // Books.
  const limitOf = limitFinder({ fold: foldModel, matcher: modelMatcher });
  const quotas = new Quotas(config.current().quotas, limitOf);
  const counters = new Counters();
  const booked = new Set<string>();
  const bookName = (model: string): string => {
    if (booked.has(model)) return model;
    // A name is a label and a part of keys: one line.
    const name = model === '' ? '(none)' : model.replace(/\p{Cc}/gu, ' ');
    if (booked.has(name)) return name;
    if (booked.size >= MAX_MODELS) return OTHER_MODELS;
    booked.add(name);
    return name;
  };
  const localHour = localHourIn(settings.timeZone);
  const speeds = new Map<string, SpeedBook>();
  const speedBook = (model: string): SpeedBook => {
    let book = speeds.get(model);
    if (book === undefined) speeds.set(model, (book = new SpeedBook(localHour, settings.timeZone)));
    return book;
  };
  const speedView = (model: string): ReturnType<SpeedBook['view']> => {
    const { rollingSeconds, weeklySeconds } = config.current().quotas;
    return speedBook(model).view(nowTs(), rollingSeconds, weeklySeconds);
  };

  // 6. Record.
  const ring = new EventRing();
  // Readers hear of an event only when it is on disk.
  const logOptions = { folder: settings.logsDir, ...settings.logRotation, now: Date.now };
  const log = new UsageLog(logOptions, (block) => ring.push(block));
  const metrics = createMetrics({
    counters,
    startedTs,
    nowTs,
    whyUnusable: laneProblem,
    speeds: speedView,
    log: () => log.status(),
    laneIds: () => config.current().catalog.lanes.keys(),
    meters: () => recorder.meters.values(),
  });
  const recorder = new Recorder({
    epoch,
    counters,
    nowTs,
    bookName,
    rerouteMode: settings.rerouteMode,
    log,
    addSpeed: (model, sample) => speedBook(model).add(sample),
    readMeters: readVendorMeters,
    observe: (where, ended) => {
      metrics.observe(where, ended);
      if (settings.logLevel === 'debug') logger('debug', inOneLine(where, ended));
    },
    warnPctOf: ({ routed, lane }) =>
      limitOf(routed.config.quotas, lane.id, routed.accepted.facts.model)?.warnPct ?? null,
    headerModeOf: ({ lane }) => headerModeOf(lane),
  });

  // 2–5. The stages.
  const pools = createPools();
  const slots = new Map<string, Slots>();
  const stages = createStages({
    config,
    policy,
    recorder,
    admission: {
      quotas,
      reroute,
      nowTs,
      bookName,
      mode: settings.rerouteMode,
      timeZone: settings.timeZone,
      takeSlot: (lane, limit, onGone) => {
        if (limit === null) return noSlot;
        let laneSlots = slots.get(lane);
        if (laneSlots === undefined) slots.set(lane, (laneSlots = new Slots()));
        return laneSlots.take(limit, onGone);
      },
    },
    forwarding: { pools, localKey: settings.apiKey, defaultAnthropicVersion: settings.defaultAnthropicVersion },
  });

  // 7. Surfaces, 1. the door.
  let draining = false;
  const events = createEventStreams(epoch, ring);
  const lanes = (): typeof counters.lanes => counters.lanes;
  const surfaces = createSurfaces({
    config,
    metrics,
    events,
    usage: {
      epoch,
      lanes,
      quotas,
      nowTs,
      config: () => config.current(),
      lastReloadTs: () => config.status().lastReloadTs,
      models: () => counters.models,
      meters: () => recorder.meters.values(),
      speeds: speedView,
      whyUnusable: laneProblem,
      rerouteMode: settings.rerouteMode,
    },
    readyz: {
      lanes,
      nowTs,
      version: VERSION,
      config: () => config.current(),
      files: () => config.status(),
      log: () => log.status(),
      whyUnusable: laneProblem,
      draining: () => draining,
    },
  });
  const surfaceListener = getRequestListener(surfaces.fetch, { overrideGlobalObjects: false });
  const door = frontDoor({
    guard: { allowedHosts: settings.allowedHosts, apiKey: settings.apiKey },
    surfaces: (incoming, outgoing) => void surfaceListener(incoming, outgoing),
    carry: (accepted) => carry(stages, accepted),
    draining: () => draining,
    onError: (error) => logger('error', error instanceof Error ? (error.stack ?? error.message) : String(error)),
  });
  const listening = await listen(settings.host, settings.port, door).catch(async (error: unknown) => {
    await log.close();
    throw error;
  });
  for (const name of ['127.0.0.1', 'localhost', '[::1]', settings.host])
    ownOrigins.add(`http://${name}:${listening.port}`);
  const unwatch = config.watch((problems) => {
    if (problems.length === 0) logger('info', 'configuration reloaded');
    for (const problem of problems) logger('error', `${problem} The last good configuration stays in use.`);
  });

  return {
    port: listening.port,
    addresses: listening.addresses,
    lanes: () =>
      [...config.current().catalog.lanes.values()].map((lane) => ({
        id: lane.id,
        url: lane.baseUrl,
        problem: laneProblem(lane.id),
      })),
    quotasPath: config.current().quotas.path,
    logPath: log.path,
    stop: async (withinMs) => {
      draining = true;
      events.close();
      await listening.drain(withinMs);
      unwatch();
      await pools.close();
      await log.close();
    },
  };
}

const noSlot = (): void => undefined;

function inOneLine(
  where: { readonly lane: string; readonly model: string; readonly op: string },
  ended: Ended,
): string {
  const { input, output, cacheRead, cacheWrite } = ended.tokens;
  const { permit } = ended;
  const tokens = `in ${input} out ${output} cache read ${cacheRead} write ${cacheWrite}`;
  return `${permit.routed.accepted.rid} ${where.model} → ${where.lane} (${permit.decision}) ${where.op} ${ended.status} ${ended.how}, ${Math.round(ended.latencyMs)} ms, ${tokens}`;
}
