/** What a meter's name at its source says about it. */
export interface MeterMeaning {
  /** The vendor whose meter it is; null: the name does not tell. */
  readonly provider: string | null;
  /** `all`, `model:<family>`, `overage`, or the name of a limit such as `input-tokens`. */
  readonly scope: string;
  /** Minutes; null: not told. */
  readonly windowMin: number | null;
}

/**
 * Reads names such as `unified-5h`, `unified-7d_oi` or `codex-1440m`. Windows are told apart by their length, never by
 * a slot. A suffix means one family of models: its name, or the model whose turn carried it.
 */
export function meaningOf(meter: string, model: string | null): MeterMeaning {
  const window = /^(unified|codex)-(\d+)([mhd])(?:_(.+))?$/.exec(meter);
  if (window !== null) {
    const [, vendor, count, unit, suffix] = window;
    return {
      provider: vendor === 'codex' ? 'codex' : 'claude',
      scope: suffix === undefined ? 'all' : `model:${familyOf(suffix) ?? familyOf(model) ?? model ?? suffix}`,
      windowMin: Number(count) * MINUTES[unit as keyof typeof MINUTES],
    };
  }
  if (meter === 'unified') return { provider: 'claude', scope: 'all', windowMin: null };
  if (meter === 'unified-overage') return { provider: 'claude', scope: 'overage', windowMin: null };
  const vendor = meter.startsWith('unified-') ? 'claude' : meter.startsWith('codex-') ? 'codex' : null;
  return { provider: vendor, scope: meter, windowMin: null };
}

const MINUTES = { m: 1, h: 60, d: 1440 } as const;

function familyOf(name: string | null): string | undefined {
  return name === null
    ? undefined
    : /(?:^|[^a-z])(opus|sonnet|haiku|fable)(?:[^a-z]|$)/i.exec(name)?.[1]?.toLowerCase();
}
