import type { ModelQuota, Quotas } from '@ccp/contracts';
import type { Catalog } from '../../config/catalog.ts';
import type { Readiness } from '../link/lane-readiness.ts';

/** One thing that is not the same. Null: not there. */
export interface Difference {
  readonly what: 'quota' | 'window' | 'lane';
  /** Model or glob, name of the window, or id of the lane. */
  readonly name: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** The key that changed; null where the whole is new or gone. */
  readonly key: string | null;
  readonly old: string | null;
  readonly new: string | null;
}

/** The limits of two quota files, as a shim words them. What an older shim does not tell is not compared. */
export function quotaDifferences(running: Quotas['config'], wanted: Quotas['config']): Difference[] {
  const windows = compared('window', asText(running.windows ?? {}), asText(wanted.windows ?? {}));
  const names = [...new Set([...Object.keys(running.models), ...Object.keys(wanted.models)])];
  return [...windows, ...names.flatMap((name) => limitDifferences(name, running.models[name], wanted.models[name]))];
}

export function laneDifferences(running: ReadonlyMap<string, Readiness>, { lanes }: Catalog): Difference[] {
  const ids = [...new Set([...running.keys(), ...lanes.keys()])];
  return ids.flatMap((id): Difference[] => {
    const [before, after] = [running.get(id), lanes.get(id)];
    const common = { what: 'lane', name: id, old: before?.url ?? null, new: after?.baseUrl ?? null } as const;
    if (before === undefined) return [{ ...common, change: 'added', key: null }];
    if (after === undefined) return [{ ...common, change: 'removed', key: null }];
    const isKnown = before.url !== null && before.url !== '';
    return isKnown && before.url !== after.baseUrl ? [{ ...common, change: 'changed', key: 'url' }] : [];
  });
}

function limitDifferences(name: string, running: ModelQuota | undefined, wanted: ModelQuota | undefined): Difference[] {
  const before = running === undefined ? null : limitTexts(running);
  const after = wanted === undefined ? null : limitTexts(wanted);
  const common = { what: 'quota', name, key: null } as const;
  if (before === null) return [{ ...common, change: 'added', old: null, new: inOne(after) }];
  if (after === null) return [{ ...common, change: 'removed', old: inOne(before), new: null }];
  return compared('quota', before, after).map((one) => ({ ...one, name, key: one.name }));
}

type Texts = Readonly<Record<string, string>>;

/** Keys that one side does not tell are not compared. */
function compared(what: Difference['what'], before: Texts, after: Texts): Difference[] {
  return Object.entries(after).flatMap(([name, text]): Difference[] => {
    const old = before[name];
    return old === undefined || old === text ? [] : [{ what, name, change: 'changed', key: null, old, new: text }];
  });
}

/**
 * A limit key by key, with words where leaving a key out means something. A shim that tells no `reserve` is older, and
 * says nothing by leaving out weights or an anchor.
 */
function limitTexts(limit: ModelQuota): Texts {
  const isOlder = limit.reserve === undefined;
  const { anchor } = limit;
  return {
    provider: limit.provider === 'anth' ? 'anthropic' : limit.provider || 'every lane',
    rolling_tokens: capText(limit.rolling_tokens),
    weekly_limit_type: limit.weekly_limit_type ?? 'tokens',
    weekly_limit_value: capText(limit.weekly_limit_value),
    warn_pct: String(limit.warn_pct || 'none'),
    ...asText(limit.weights ?? {}, 'weights.'),
    ...(isOlder ? {} : { reserve: String(limit.reserve) }),
    ...(isOlder && anchor === undefined ? {} : { anchor: anchorText(anchor) }),
  };
}

function capText(value: number | null | undefined): string {
  return value ? String(value) : 'no cap';
}

function anchorText(anchor: string | null | undefined): string {
  if (anchor === undefined) return 'as the provider says';
  return anchor === null ? 'slides' : new Date(anchor).toISOString();
}

function asText(values: object, prefix = ''): Texts {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [prefix + key, String(value)]));
}

function inOne(texts: Texts | null): string {
  const { provider, rolling_tokens: rolling, weekly_limit_value: weekly, weekly_limit_type: type } = texts ?? {};
  return `${provider}, rolling ${rolling}, weekly ${weekly}${weekly === 'no cap' ? '' : ` ${type}`}`;
}
