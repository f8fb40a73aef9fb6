import { randomBytes } from 'node:crypto';
import { getRequestListener } from '@hono/node-server';
import { AfterTurn } from './after-turn.ts';
import { Books } from './books.ts';
import { openConfig } from './config/config-store.ts';
import type { Settings } from './config/settings.ts';
import type { Ended } from './exchange.ts';
import { createFeedback } from './feedback.ts';
import { frontDoor } from './http/front-door.ts';
import { listen } from './http/listen.ts';
import { LicenseStore } from './license/license-store.ts';
import { followPolicy } from './license/follow-policy.ts';
import { PolicyStore } from './license/policy-store.ts';
import { openPersistence } from './persistence.ts';
import { carry } from './pipeline.ts';
import { clockTimeIn } from './quota/clock-time.ts';
import { whyUnusable } from './route/choose-lanes.ts';
import { reroute } from './route/reroute.ts';
import { createStages } from './stages.ts';
import { settledClock } from './settled-clock.ts';
import { steadyMs } from './steady-clock.ts';
import type { Tally } from './store/counters.ts';
import { EventRing } from './store/event-ring.ts';
import { Recorder } from './store/recorder.ts';
import { UsageLog } from './store/usage-log.ts';
import { createEventStreams } from './surfaces/events.ts';
import { createMetrics } from './surfaces/metrics.ts';
import { createSurfaces } from './surfaces/surfaces.ts';
import { headerModeOf } from './upstream/headers.ts';
import { createPools } from './upstream/pools.ts';
import { LaneSlots } from './upstream/lane-slots.ts';
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

/** Builds the stages, gives each what it asks for, and opens the port. Throws on a start that can't succeed. */
export async function startShim(settings: Settings, logger: Logger): Promise<Shim> {
  const nowTs = settledClock(
    () => Date.now() / 1000,
    () => steadyMs() / 1000,
  );
  const startedTs = nowTs();
  const onError = (error: unknown): void =>
    logger('error', error instanceof Error ? (error.stack ?? error.message) : String(error));
  const epoch = randomBytes(4).toString('hex') + Math.floor(startedTs).toString(16);
  const license = new LicenseStore(settings.license, nowTs);
  const routingPolicy = new PolicyStore(settings.policy.file, settings.license, nowTs);
  const config = openConfig(settings, nowTs, {
    alsoWatched: () => `${license.hasLapsed()} ${routingPolicy.hasLapsed()}`,
    policy: () => routingPolicy.load(),
  });
  const ownOrigins = new Set<string>();
  const policy = {
    offloadPaused: settings.offloadPaused,
    forceHaikuToZai: settings.forceHaikuToZai,
    isEntitled: (feature: string) => license.isEntitled(feature),
    ownOrigins,
  };
  const laneProblem = (id: string): string | null => {
    const lane = config.current().catalog.lanes.get(id);
    return lane === undefined ? 'removed from the configuration' : whyUnusable(lane, policy);
  };

  // Books, and what former runs have left of them.
  const persistence = openPersistence({ settings, epoch, startedTs, nowTs, logger, config: () => config.current() });
  const books = new Books({ settings, epoch, config: () => config.current(), nowTs, keep: persistence.keepState });
  persistence.restore(books);
  const { counters, quotas, cooldowns, bookName } = books;

  // 6. Record.
  const ring = new EventRing();
  // Readers hear of an event only when it is on disk.
  const logOptions = { folder: settings.logsDir, ...settings.logRotation, now: Date.now };
  const log = new UsageLog(logOptions, (block, place) => ring.push(block, place));
  const resting = (ts: number): ReturnType<typeof cooldowns.resting> => {
    const { lanes } = config.current().catalog;
    return cooldowns.resting(ts).filter(({ lane }) => lanes.has(lane));
  };
  const metrics = createMetrics({
    counters,
    startedTs,
    nowTs,
    resting,
    whyUnusable: laneProblem,
    speeds: books.speedView,
    log: () => log.status(),
    database: persistence.status,
    laneIds: () => config.current().catalog.lanes.keys(),
    meters: () => books.currentMeters(nowTs()),
  });
  persistence.onWrite((seconds) => metrics.wrote(seconds));
  const recorder = new Recorder({
    epoch,
    counters,
    nowTs,
    bookName,
    rerouteMode: settings.rerouteMode,
    log,
    keep: persistence.record,
    spent: (lane, model, tokens) => books.calibration().spent(lane, model, tokens),
    addSpeed: books.addSpeed,
    observe: (where, ended) => {
      metrics.observe(where, ended);
      if (settings.logLevel === 'debug') logger('debug', inOneLine(where, ended));
    },
    warnPctOf: books.warnPctFor,
    calibrationOf: books.calibrationFor,
    calibrationChanges: () => books.calibration().changes,
    configIdOf: ({ routed }) => persistence.configId(routed.config, policy, laneProblem),
    headerModeOf: ({ lane }) => headerModeOf(lane),
    onError,
  });

  // 2–5. The stages.
  const pools = createPools();
  const slots = new LaneSlots();
  const afterTurn = new AfterTurn(onError);
  const stages = createStages({
    config,
    policy,
    recorder,
    afterTurn: afterTurn.add,
    admission: {
      quotas,
      reroute,
      nowTs,
      bookName,
      mode: settings.rerouteMode,
      clockTime: clockTimeIn(settings.timeZone),
      restOf: (lane, model, ts) => cooldowns.ask(lane, model, ts),
      billedBeyond: (lane, ts) => cooldowns.billedBeyond(lane, ts),
      takeProbe: (lane, model, ts) => cooldowns.takeProbe(lane, model, ts),
      takeSlot: (wish, onGone) => slots.take(wish, onGone),
    },
    forwarding: { pools, localKey: settings.apiKey, defaultAnthropicVersion: settings.defaultAnthropicVersion, nowTs },
    heard: createFeedback({
      meters: books.meters,
      cooldowns,
      quotas,
      bookName,
      nowTs,
      calibration: books.calibration,
      learned: books.learned,
      cooldownBegan: ({ permit }, cooldown) => {
        recorder.cooldownBegan(permit, cooldown.kind);
        const what = cooldown.model === null ? cooldown.lane : `${cooldown.model} on ${cooldown.lane}`;
        logger('info', `${what} rests until ${new Date(cooldown.untilTs * 1000).toISOString()}: ${cooldown.reason}`);
      },
    }),
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
      meters: (ts) => books.currentMeters(ts),
      speeds: books.speedView,
      calibration: books.calibrationOf,
      resting,
      queued: (lane) => slots.waiting(lane),
      previousEpoch: persistence.previousEpoch,
      whyUnusable: laneProblem,
      license: () => license.state(),
      rerouteMode: settings.rerouteMode,
    },
    history: persistence.readers,
    reloaded: () => persistence.reload(books),
    readyz: {
      lanes,
      nowTs,
      version: VERSION,
      config: () => config.current(),
      files: () => config.status(),
      log: () => log.status(),
      database: persistence.status,
      whyUnusable: laneProblem,
      license: () => license.state(),
      policy: () => routingPolicy.state(),
      licenseProblems: () => [
        ...license.problems(),
        ...[routingPolicy.problem()].filter((problem) => problem !== null),
      ],
      draining: () => draining,
    },
  });
  const surfaceListener = getRequestListener(surfaces.fetch, { overrideGlobalObjects: false });
  const door = frontDoor({
    guard: { allowedHosts: settings.allowedHosts, apiKey: settings.apiKey },
    surfaces: (incoming, outgoing) => {
      recorder.catchUp();
      void surfaceListener(incoming, outgoing);
    },
    carry: ({ accepted, wire }) => carry(stages, accepted, wire),
    draining: () => draining,
    onError,
  });
  const listening = await listen(settings.host, settings.port, door).catch(async (error: unknown) => {
    log.close();
    persistence.close();
    license.close();
    throw error;
  });
  for (const name of ['127.0.0.1', 'localhost', '[::1]', settings.host])
    ownOrigins.add(`http://${name}:${listening.port}`);
  persistence.follow(books, log.path, () => recorder.catchUp());
  const { error: logProblem } = log.status();
  if (logProblem !== null)
    logger('error', `${logProblem}. Requests go on; choose another folder with --state-dir DIR (CCP_STATE_DIR).`);
  if (license.state() !== null) logger('info', license.standing());
  for (const problem of license.problems()) logger('warn', problem);
  const unfollow = followPolicy(settings, logger, nowTs);
  const unwatch = config.watch(({ problems, changes }) => {
    if (license.reload()) logger('info', license.standing());
    if (problems.length === 0)
      logger('info', `configuration reloaded: ${changes.join('; ') || 'nothing is different'}`);
    for (const problem of problems) logger('error', `${problem}. The last good configuration stays in use.`);
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
      await afterTurn.settled();
      recorder.catchUp();
      unwatch();
      unfollow();
      license.close();
      await pools.close();
      books.keepCalibration();
      persistence.close();
      log.close();
      ring.close();
    },
  };
}

function inOneLine({ laneId, modelName, op }: Tally, ended: Ended): string {
  const { input, output, cacheRead, cacheWrite } = ended.tokens;
  const { permit } = ended;
  const tokens = `in ${input} out ${output} cache read ${cacheRead} write ${cacheWrite}`;
  return `${permit.routed.accepted.rid} ${modelName} → ${laneId} (${permit.decision}) ${op} ${ended.status} ${ended.how}, ${Math.round(ended.latencyMs)} ms, ${tokens}`;
}
