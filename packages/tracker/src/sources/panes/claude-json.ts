import { modelKey } from './meter.ts';
import type { ClaudeWindow } from './claude-meters.ts';
import { fieldsAt, isFields, listAt, resetField, sharePp, textAt } from './json-fields.ts';
import type { Fields, ShareUnit } from './json-fields.ts';
import type { Sight } from './pane.ts';

/** Which fields of a window hold its share and its end. */
export interface WindowFields {
  readonly share: string;
  readonly unit: ShareUnit;
  readonly resets: string;
}

const SCOPES: Readonly<Record<string, ClaudeWindow['scope']>> = {
  five_hour: 'session',
  seven_day: 'all',
  seven_day_opus: { model: 'opus' },
  seven_day_sonnet: { model: 'sonnet' },
  seven_day_haiku: { model: 'haiku' },
  seven_day_fable: { model: 'fable' },
};

/** Fields beside the windows that are no windows, read elsewhere or not at all. */
const BESIDE = new Set(['model_scoped', 'limits', 'extra_usage', 'spend', 'spend_limit']);

/**
 * The windows under their names (`five_hour`, `seven_day`, `seven_day_opus`, …). A window that is null or absent was not
 * given, which is not the same as unused. One under a name not known here is a problem: it is not said what it counts.
 */
export function namedWindows(sight: Sight, limits: Fields, fields: WindowFields): readonly ClaudeWindow[] {
  return Object.entries(limits).flatMap(([name, value]): ClaudeWindow[] => {
    if (BESIDE.has(name) || value === null || value === undefined) return [];
    const scope = Object.hasOwn(SCOPES, name) ? SCOPES[name] : undefined;
    if (!isFields(value)) {
      if (scope !== undefined) sight.note({ code: 'percent-unreadable', message: `${name} is no window` });
      return [];
    }
    const share = value[fields.share];
    if (scope === undefined) {
      if (typeof share === 'number')
        sight.note({ code: 'meter-unknown', message: `${name}: this window is not known` });
      return [];
    }
    return [windowOf(sight, scope, name, { share, unit: fields.unit, resets: value[fields.resets] })];
  });
}

/** `model_scoped[{display_name, utilization, resets_at}]`: weeks of single models. */
export function modelScoped(sight: Sight, limits: Fields): readonly ClaudeWindow[] {
  return listAt(limits, 'model_scoped').flatMap((entry): ClaudeWindow[] => {
    const model = textAt(entry, 'display_name');
    if (model === null) return unnamed(sight, 'model_scoped');
    const share = entry['utilization'];
    return [
      windowOf(sight, { model }, `model_scoped ${model}`, { share, unit: 'percent-used', resets: entry['resets_at'] }),
    ];
  });
}

/** `limits[{kind, percent, resets_at, scope}]`: the same windows once more, by kind. */
export function limitList(sight: Sight, limits: Fields): readonly ClaudeWindow[] {
  return listAt(limits, 'limits').flatMap((entry): ClaudeWindow[] => {
    const kind = textAt(entry, 'kind');
    const model = textAt(fieldsAt(fieldsAt(entry, 'scope'), 'model'), 'display_name');
    const values = { share: entry['percent'], unit: 'percent-used', resets: entry['resets_at'] } as const;
    if (kind === 'session') return [windowOf(sight, 'session', 'limits session', values)];
    if (kind === 'weekly_all') return [windowOf(sight, 'all', 'limits weekly_all', values)];
    if (kind === 'weekly_scoped' && model !== null) {
      return [windowOf(sight, { model }, `limits weekly_scoped ${modelKey(model)}`, values)];
    }
    return unnamed(sight, `limits ${kind ?? '(no kind)'}`);
  });
}

function unnamed(sight: Sight, meter: string): [] {
  sight.note({ code: 'meter-unknown', message: `${meter}: it is not said what it counts` });
  return [];
}

interface WindowValues {
  readonly share: unknown;
  readonly unit: ShareUnit;
  readonly resets: unknown;
}

function windowOf(sight: Sight, scope: ClaudeWindow['scope'], meter: string, values: WindowValues): ClaudeWindow {
  if (values.share === undefined) sight.note({ code: 'percent-unreadable', message: `${meter} has no share` });
  const usedPp = sharePp(sight, values.share, values.unit, meter);
  const resetsAt = resetField(sight, values.resets, meter);
  return { scope, meter, usedPp, resets: resetsAt, resetsAt };
}
