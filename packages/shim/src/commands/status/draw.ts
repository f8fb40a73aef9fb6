import type { Usage } from '@ccp/contracts';
import { BLANK, type Line } from '../text/line.ts';
import type { Paper } from '../text/terminal.ts';
import { evidence } from './evidence.ts';
import { laneTable } from './lanes.ts';
import { meterTable } from './meters.ts';
import { quotaTable } from './quotas.ts';
import { laneRows, meterRows, modelRows } from './rows.ts';
import { speedTable } from './speeds.ts';

export interface Wanted {
  readonly speeds: boolean;
  readonly debugQuota: boolean;
}

/** The whole status, top down: models, what the quotas rest on, lanes, meters. */
export function statusLines(usage: Usage, paper: Paper, wanted: Wanted): Line[] {
  const frame = { ...paper, nowTs: usage.ts };
  const models = modelRows(usage);
  const table = wanted.speeds ? speedTable : quotaTable;
  return [
    ...(models.length > 0 ? table(models, frame) : [dim('No requests yet, so no model is listed.')]),
    ...(wanted.debugQuota && models.length > 0 ? [BLANK, ...evidence(models, frame)] : []),
    BLANK,
    ...(usage.lanes === undefined ? [dim('Lanes are not reported by this shim.')] : laneTable(laneRows(usage), frame)),
    BLANK,
    ...meters(usage, frame),
  ];
}

function meters(usage: Usage, frame: Paper & { readonly nowTs: number }): Line[] {
  if (usage.meters === undefined) return [dim('Meters of providers are not reported by this shim.')];
  const rows = meterRows(usage);
  return rows.length > 0 ? meterTable(rows, frame) : [dim('No provider has told its own meters yet.')];
}

function dim(text: string): Line {
  return [{ text: `  ${text}`, tone: 'dim' }];
}
